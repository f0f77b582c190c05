package web

import (
	"net/http"
	"strconv"
	"strings"

	"billmark/batch"
)

// settlePage lists what is in doubt, and what was decided last.
type settlePage struct {
	Doubts   []batch.Record
	Settling Settling
	Blind    bool
}

func (s *Server) doubts(w http.ResponseWriter, r *http.Request) error {
	p := settlePage{Settling: s.Bench.Settling()}
	v, _ := s.Bench.Live().look()
	p.Blind = v.Phase != Idle
	if !p.Blind && !p.Settling.Busy {
		var err error
		if p.Doubts, err = s.Bench.Doubts(); err != nil {
			return err
		}
	}
	return s.show(w, r, http.StatusOK, "settle", p)
}

// settle takes a person's word on the updates that he chose.
func (s *Server) settle(w http.ResponseWriter, r *http.Request) error {
	l := s.lang(r)
	if err := r.ParseForm(); err != nil {
		return &Trouble{Message: err.Error(), Status: http.StatusBadRequest}
	}
	word := Word{Way: r.PostFormValue("way"), Reason: strings.TrimSpace(r.PostFormValue("reason"))}
	for _, key := range r.PostForm["update"] {
		u, ok := updateOf(key)
		if !ok {
			return &Trouble{Message: l.say("choseNone"), Status: http.StatusBadRequest}
		}
		word.Updates = append(word.Updates, u)
	}
	switch {
	case len(word.Updates) == 0:
		return &Trouble{Message: l.say("choseNone"), Status: http.StatusBadRequest}
	case (word.Way == Confirm || word.Way == Unsent) && word.Reason == "":
		return &Trouble{Message: l.say("needReason"), Status: http.StatusBadRequest}
	case word.Way == Resend && r.PostFormValue("sure") == "":
		return &Trouble{Message: l.say("needSure"), Status: http.StatusBadRequest}
	}
	if err := s.Bench.Settle(word); err != nil {
		return err
	}
	http.Redirect(w, r, "/settle", http.StatusSeeOther)
	return nil
}

// Key writes an update so that a form can give it back. The tracking number
// comes last, for it may hold anything.
func Key(u batch.Update) string {
	return strings.Join([]string{
		strconv.FormatUint(u.Bill, 10), u.Status.String(), strconv.FormatInt(u.Date, 10), strconv.Itoa(u.Occurrence), u.RPO,
	}, " ")
}

// updateOf reads what Key wrote.
func updateOf(key string) (u batch.Update, ok bool) {
	parts := strings.SplitN(key, " ", 5)
	if len(parts) != 5 {
		return u, false
	}
	bill, err1 := strconv.ParseUint(parts[0], 10, 64)
	status, ok := batch.ParseStatus(parts[1])
	date, err2 := strconv.ParseInt(parts[2], 10, 64)
	occurrence, err3 := strconv.Atoi(parts[3])
	u = batch.Update{Bill: bill, Status: status, Date: date, Occurrence: occurrence, RPO: parts[4]}
	return u, ok && err1 == nil && err2 == nil && err3 == nil
}

func (s *Server) history(w http.ResponseWriter, r *http.Request) error {
	runs, err := s.Bench.History()
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "history", runs)
}
