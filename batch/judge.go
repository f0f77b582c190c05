package batch

import (
	"errors"
	"fmt"
	"net/http"

	"billmark/signer"
)

// Meaning is what an error_code of the API means: the class it gives a row,
// and whether every other row would meet it too.
type Meaning struct {
	Class Class
	Stop  bool
}

// The codes that say the signature or the login is wrong. With a wrong key
// here the reply's hash cannot be right either, so these two are believed
// without it: they can only stop the run.
const (
	codeHash  = "4"
	codeLogin = "5"
)

// mostText is how many characters of somebody else's words are kept.
const mostText = 1000

// judge turns what came back from one exchange into an outcome, whose Text is of
// a length that can be read.
func (j *Job) judge(answer Answer, err error) (Outcome, *Stop) {
	o, stop := j.judgeWhole(answer, err)
	if len(o.Text) > mostText {
		if text := []rune(o.Text); len(text) > mostText {
			o.Text = fmt.Sprintf("%s... (and %d more)", string(text[:mostText]), len(text)-mostText)
		}
	}
	return o, stop
}

// judgeWhole does it for a text of any length. An error that nobody classified
// is Unknown; Unsent has to be proved.
func (j *Job) judgeWhole(answer Answer, err error) (o Outcome, stop *Stop) {
	switch {
	case err != nil:
		return judgeError(err)
	case answer.Status == http.StatusTooManyRequests:
		return j.judgeTooMany(answer)
	case answer.Status != http.StatusOK:
		text := fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status))
		return Outcome{Class: Unverified, Reason: ReasonHTTP, Text: text}, nil
	case answer.TooLong:
		return Outcome{Class: Unverified, Reason: ReasonTooLong}, nil
	case answer.Encoding != "":
		return Outcome{Class: Unverified, Reason: ReasonShape, Text: fmt.Sprintf("it is compressed (%s), which was not asked for", answer.Encoding)}, nil
	}
	reply, err := j.Account.Verify(answer.Body)
	o = Outcome{Code: reply.Code, Text: reply.Text}
	switch {
	case err == nil:
		m := j.Meaning(reply.Code)
		o.Class, o.Reason = m.Class, ReasonReplied
		if m.Stop {
			o.Class, o.Reason = Unsent, ReasonAccount
			stop = &Stop{Reason: StopAccount, Code: reply.Code, Text: reply.Text}
		}
	case errors.Is(err, signer.ErrHash) && (reply.Code == codeHash || reply.Code == codeLogin):
		o.Class, o.Reason = Unsent, ReasonAccount
		stop = &Stop{Reason: StopAccount, Code: reply.Code, Text: reply.Text}
	case errors.Is(err, signer.ErrHash):
		o.Class, o.Reason = Unverified, ReasonHash
	default:
		o = Outcome{Class: Unverified, Reason: ReasonShape, Text: err.Error()}
	}
	return o, stop
}

// judgeTooMany believes a 429, which by its meaning was not served, unless the
// very same reply proves that the update was, or that no other one will be.
func (j *Job) judgeTooMany(answer Answer) (Outcome, *Stop) {
	reply, err := j.Account.Verify(answer.Body)
	if err != nil {
		return Outcome{Class: Unsent, Reason: ReasonTooMany}, nil
	}
	switch m := j.Meaning(reply.Code); {
	case m.Class == Confirmed:
		return Outcome{Class: Unverified, Reason: ReasonHTTP, Code: reply.Code, Text: "429, and a reply that says yes"}, nil
	case m.Stop:
		return Outcome{Class: Unsent, Reason: ReasonAccount, Code: reply.Code, Text: reply.Text},
			&Stop{Reason: StopAccount, Code: reply.Code, Text: reply.Text}
	}
	return Outcome{Class: Unsent, Reason: ReasonTooMany}, nil
}

func judgeError(err error) (Outcome, *Stop) {
	var pe *PostError
	if !errors.As(err, &pe) {
		return Outcome{Class: Unknown, Reason: ReasonBroken, Text: err.Error()}, nil
	}
	o := Outcome{Class: Unknown, Reason: pe.Reason, Text: pe.Err.Error()}
	if pe.Unsent() {
		o.Class = Unsent
	}
	if pe.Reason == ReasonTLS {
		return o, &Stop{Reason: StopTLS, Err: pe.Err}
	}
	return o, nil
}
