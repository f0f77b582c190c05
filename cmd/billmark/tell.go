package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"billmark/batch"
	"billmark/batch/client"
	"billmark/report"
)

// How long those who are told may take.
var (
	notifyLimit  = 30 * time.Second
	webhookLimit = 10 * time.Second
)

// news is what --notify and --webhook tell when a run is over, however it
// ended: its summary, as far as it came to one.
type news struct {
	summaryJSON
	Exit int `json:"exit"`
	// Text is one line for a chat or a mail.
	Text string `json:"text"`
}

// telling is who wants to know, checked before anything is sent.
type telling struct {
	command []string // empty for none
	hook    *url.URL // nil for none
}

// telling reads --notify, --webhook and --status-file.
func (d *desk) telling(file string) (*telling, error) {
	t := &telling{}
	var err error
	if t.command, err = splitWords(d.s.notify); err != nil {
		return nil, usage(fmt.Sprintf("--notify: %v", err), "quote it like a command line, for example --notify 'mail-clerk --to \"Anna P\"'; nothing was sent")
	}
	if len(t.command) > 0 {
		if _, err := exec.LookPath(t.command[0]); err != nil {
			return nil, usage(fmt.Sprintf("--notify: %v", err), "it is run without a shell: name a program; nothing was sent")
		}
	}
	if d.s.webhook != "" {
		if t.hook, err = hookURL(d.s.webhook); err != nil {
			return nil, usage("--webhook: "+err.Error(), "say an https address; http is for this machine only; nothing was sent")
		}
	}
	return t, d.s.checkStatusFile(file)
}

func hookURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "":
		return nil, errors.New("this is no address") // which may be secret
	case u.Scheme == "https", u.Scheme == "http" && client.Loopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("the scheme %q is refused for %s", u.Scheme, u.Hostname())
}

// checkStatusFile refuses to write over what is no status file.
func (m *manners) checkStatusFile(manifest string) error {
	if m.statusFile == "" {
		return nil
	}
	if same(m.statusFile, manifest) {
		return usage("--status-file names the manifest itself", "choose another name; nothing was sent")
	}
	text, err := os.ReadFile(m.statusFile)
	if err == nil && len(text) > 0 && !bytes.HasPrefix(text, []byte(`{"state":`)) {
		return usage(fmt.Sprintf("--status-file: %s holds something else, which would be lost", m.statusFile), "choose another name; nothing was sent")
	}
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = replaceFile(m.statusFile, status{State: "running", File: manifest, PID: os.Getpid()})
	}
	if err != nil {
		return refused(fmt.Sprintf("--status-file: %v", err), "choose another place")
	}
	return nil
}

// tell tells everyone that the run is over, and how. Whatever goes wrong with
// that is warned of, and changes nothing.
func (d *desk) tell(t *telling, file string, err error) {
	code := codeOf(err)
	d.endStatus(file, code)
	if t.hook == nil && len(t.command) == 0 || d.declined {
		return
	}
	text, failed := json.Marshal(d.news(file, code, err))
	if failed == nil && len(t.command) > 0 {
		if err := d.notify(t.command, text, file, code); err != nil {
			fmt.Fprintf(d.c.err, "billmark: warning: --notify: %v; the run is not affected\n", err)
		}
	}
	if failed == nil && t.hook != nil {
		if err := d.postNews(t.hook, text); err != nil {
			fmt.Fprintf(d.c.err, "billmark: warning: --webhook: %s: %s; the run is not affected\n", t.hook.Hostname(), report.Clean(err.Error()))
		}
	}
}

// news is the summary, or what is known if there is none.
func (d *desk) news(file string, code int, err error) news {
	n := news{Exit: code}
	if d.summary != nil {
		n.summaryJSON = *d.summary
	} else {
		n.File, n.Account, n.StartedAt, n.Reports = file, d.s.account, moment(d.started), []string{}
		if err != nil {
			words := inWords(err).message
			n.Stopped = &words
		}
	}
	n.Text = "billmark: " + n.inWords()
	return n
}

// inWords is the summary in one line.
func (s *summaryJSON) inWords() string { return s.File + ": " + s.outcome() }

// outcome is what became of the rows, and what to do next.
func (s *summaryJSON) outcome() string {
	var parts []string
	for i, n := range []int{s.Confirmed, s.Rejected, s.Invalid, s.Unsent, s.Unverified, s.Unknown, s.Skipped} {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, batch.Classes[i]))
		}
	}
	if s.Rows == 0 && s.Stopped != nil {
		return *s.Stopped
	}
	text := many(s.Rows, "row")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if s.Stopped != nil {
		text += "; stopped: " + *s.Stopped
	}
	if s.Next != nil {
		text += "; next: " + *s.Next
	}
	return text
}

// endStatus writes the last status, also of a run that never began.
func (d *desk) endStatus(file string, code int) {
	if d.s.statusFile == "" {
		return
	}
	f := &statusFile{path: d.s.statusFile, err: d.c.err, base: status{
		File: file, Account: d.s.account, PID: os.Getpid(), StartedAt: d.started.UTC().Format(time.RFC3339),
	}}
	if d.show != nil {
		f = d.show.status
	}
	f.end(code, d.summary)
}

// notify runs the command with the news on its input.
func (d *desk) notify(command []string, text []byte, file string, code int) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), notifyLimit, fmt.Errorf("it took longer than %v and was ended", notifyLimit))
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(append(text, '\n'))
	cmd.Stdout, cmd.Stderr = d.c.err, d.c.err // standard output is the run's own
	cmd.WaitDelay = time.Second               // for what it has left running
	for _, v := range os.Environ() {
		if !strings.HasPrefix(strings.ToUpper(v), "BILLMARK_KEY=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, fmt.Sprintf("BILLMARK_EXIT=%d", code), "BILLMARK_FILE="+file, "BILLMARK_ACCOUNT="+d.s.account)
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well, and left something running
	}
	return err
}

// postNews posts the news to a webhook, once. Only --proxy is obeyed, and no
// redirect.
func (d *desk) postNews(hook *url.URL, text []byte) error {
	proxy, err := d.s.proxyURL()
	if err != nil {
		return err
	}
	roots, err := d.s.roots()
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
	if proxy != nil && !client.Loopback(hook.Hostname()) {
		transport.Proxy = http.ProxyURL(proxy)
	}
	c := &http.Client{
		Transport: transport, Timeout: webhookLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequest(http.MethodPost, hook.String(), bytes.NewReader(text))
	if err != nil {
		return errors.New("this is no address")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "billmark/"+version())
	reply, err := c.Do(request)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err // without the address, which may be secret
	}
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode/100 != 2 {
		return fmt.Errorf("HTTP status %d", reply.StatusCode)
	}
	return nil
}
