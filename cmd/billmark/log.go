package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"

	"billmark/batch"
	"billmark/report"
)

// log makes the structured log: to a file as JSON, to standard error if the
// user wants more said. It never holds a key, a hash or a body.
func (d *desk) log() (*slog.Logger, func() error, error) {
	var handlers []slog.Handler
	closeLog := func() error { return nil }
	if d.s.logFile != "" {
		f, err := os.OpenFile(d.s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, refused("the log file cannot be written: "+err.Error(), "check --log-file")
		}
		closeLog = f.Close
		handlers = append(handlers, slog.NewJSONHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if d.s.verbose {
		handlers = append(handlers, tint.NewTextHandler(d.c.err, &tint.Options{Level: slog.LevelDebug, NoColor: !isTerminal(d.c.err) || noColor(d.c)}))
	}
	return slog.New(slog.NewMultiHandler(handlers...)), closeLog, nil
}

func noColor(c *console) bool {
	v, ok := c.env("NO_COLOR")
	return ok && v != ""
}

// logSink writes every outcome to the log.
type logSink struct{ log *slog.Logger }

// Done implements batch.Sink.
func (l logSink) Done(t batch.Task, o batch.Outcome) {
	if !l.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	l.log.Debug("update", "line", t.Line, "bill", t.Update.Bill, "status", t.Update.Status.String(),
		"outcome", o.Class.String(), "code", o.Code, "text", report.Clean(o.Text))
}

// Waiting implements batch.Sink.
func (l logSink) Waiting(why string) {
	if why != "" {
		l.log.Warn("waiting", "for", why)
	} else {
		l.log.Info("going on")
	}
}
