package main

import "github.com/spf13/pflag"

// manners are the settings about who is told what, and in which language.
type manners struct {
	lang       string
	statusFile string
	notify     string
	webhook    string
	rehearsal  bool   // nothing is to be done next, for nothing was real
	given      []pair // flags of the command line that a next command needs too
}

// tellFlags are those of commands that send.
func (m *manners) tellFlags(f *pflag.FlagSet) {
	f.StringVar(&m.statusFile, "status-file", "", "keep a small JSON `FILE` up to date for other programs")
	f.StringVar(&m.notify, "notify", "", "when it is over run `CMD` (no shell), its input the summary as JSON")
	f.StringVar(&m.webhook, "webhook", "", "when it is over post the summary as JSON to `URL` (https)")
}

// otherOutputs are files that are written beside the reports.
func (m *manners) otherOutputs() []string {
	if m.statusFile == "" {
		return nil
	}
	return []string{m.statusFile}
}
