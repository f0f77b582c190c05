package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/time/rate"

	"billmark/batch"
)

// settings are what flags, environment and defaults come to, for one command.
type settings struct {
	// Who and where.
	account, keyFile, api, caFile, proxy, journal string
	pin                                           pin
	// How.
	rate        pace
	workers     count
	timeout     time.Duration
	attempts    count
	maxInvalid  share
	maxFailures share
	expectRows  string
	expect      pairs
	again       string
	first       count
	// How the manifest is read.
	columns, set, word, where pairs
	delimiter, encoding       string
	multiline                 bool
	dateFormat, timezone      string
	// What comes out.
	reports                           []string
	failed                            string
	json, yes, quiet, verbose, dryRun bool
	logFile                           string
	profile                           string
	// What only a profile says, as a rule: lines that are no rows.
	skip           count
	before, footer string
	manners
}

// environment names the variable of each flag that has one.
var environment = map[string]string{
	"account": "BILLMARK_ACCOUNT", "key-file": "BILLMARK_KEY_FILE", "api": "BILLMARK_API",
	"ca-file": "BILLMARK_CA_FILE", "pin": "BILLMARK_PIN", "proxy": "BILLMARK_PROXY", "journal": "BILLMARK_JOURNAL",
	"rate": "BILLMARK_RATE", "workers": "BILLMARK_WORKERS", "timeout": "BILLMARK_TIMEOUT",
	"attempts": "BILLMARK_ATTEMPTS", "max-invalid": "BILLMARK_MAX_INVALID",
	"max-failures": "BILLMARK_MAX_FAILURES", "expect-rows": "BILLMARK_EXPECT_ROWS",
	"timezone": "BILLMARK_TIMEZONE", "profile": "BILLMARK_PROFILE", "status-file": "BILLMARK_STATUS_FILE", "notify": "BILLMARK_NOTIFY",
	"webhook": "BILLMARK_WEBHOOK", "lang": "BILLMARK_LANG",
}

func defaults() *settings {
	return &settings{
		rate: pace{limit: 1, text: "1/s"}, workers: 8, timeout: time.Minute, attempts: 3,
		maxInvalid: share{percent: 10, text: "10%"}, maxFailures: share{percent: 10, text: "10%", floor: 20},
		delimiter: "auto", encoding: "auto", dateFormat: "auto",
	}
}

// accountFlags are those of every command that opens a journal.
func (s *settings) accountFlags(f *pflag.FlagSet) {
	f.StringVar(&s.account, "account", "", "`LOGIN` of the account")
	f.StringVar(&s.api, "api", "", "base `URL` of the API (default https://LOGIN.influencersoft.com/api/)")
	f.StringVar(&s.journal, "journal", "", "the journal's `FILE` (default: one per account and API address in the state folder)")
	f.StringVar(&s.timezone, "timezone", "", "`ZONE` of dates that carry none, like Europe/Moscow (default: the journal's)")
	f.StringVar(&s.profile, "profile", "", "a saved set of these settings: its `NAME or FILE`")
}

// wireFlags are those of every command that talks to the API.
func (s *settings) wireFlags(f *pflag.FlagSet) {
	f.StringVar(&s.keyFile, "key-file", "", "`FILE` with the secret key (or set BILLMARK_KEY)")
	f.StringVar(&s.caFile, "ca-file", "", "`FILE` of extra root certificates")
	f.Var(&s.pin, "pin", "`sha256//BASE64` of the server's public key, demanded besides a valid certificate")
	f.StringVar(&s.proxy, "proxy", "", "`URL` of a proxy; the usual proxy variables are not obeyed")
	f.Var(&s.rate, "rate", "the pace: `N/s`, N/m or N/h")
	f.Var(&s.workers, "workers", "most requests in flight")
	f.DurationVar(&s.timeout, "timeout", s.timeout, "time limit of one exchange")
	f.Var(&s.attempts, "attempts", "tries in one run for an update that the API asks to bring later, and for an API that cannot be reached at all")
}

// manifestFlags are those of every command that reads a manifest.
func (s *settings) manifestFlags(f *pflag.FlagSet) {
	f.Var(&named{&s.columns, fieldNames, "field"}, "column", "`NAME=HEADER`: the column of bill_id, status, date or rpo; repeatable")
	f.Var(&named{&s.set, fieldNames, "field"}, "set", "one value for every row: `NAME=VALUE`; repeatable")
	f.Var(&named{&s.word, statusNames, "status"}, "word", "`STATUS=WORD`: the file's word: paid=Completed; repeatable")
	f.Var(&s.where, "where", "`HEADER=VALUE`: only rows with this value; repeatable")
	f.Var(&oneOf{target: &s.delimiter, of: delimiters, other: oneCharacter}, "delimiter", "auto, comma, semicolon, tab, pipe, or the `character`")
	f.StringVar(&s.encoding, "encoding", s.encoding, "`NAME` of the text's encoding: auto, utf-8, windows-1251, ...")
	f.BoolVar(&s.multiline, "multiline", false, "allow line breaks inside quoted cells")
	f.Var(&oneOf{target: &s.dateFormat, of: dateFormats, other: aLayout}, "date-format", "auto, unix, iso, dmy, mdy, or a Go `LAYOUT`")
	f.Var(&s.maxInvalid, "max-invalid", "refuse to start with more faulty rows than `P%|N`")
	f.StringVar(&s.expectRows, "expect-rows", "", "control total: the `N` rows that there must be")
	f.Var(&named{&s.expect, statusNames, "status"}, "expect", "control total: `STATUS=N` valid rows of a status; repeatable")
	f.Var(&oneOf{target: &s.again, of: againWords, many: true}, "again", "`LIST` of rejected, late, stale, superseded: send these after all")
	f.Var(&s.first, "first", "only the first `N` updates that this file sends")
	s.titleFlags(f)
}

// outputFlags are those of every command that writes reports or a summary.
func (s *settings) outputFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&s.reports, "report", nil, "`FILE` ending in .csv, .xlsx, .html, .jsonl (default NAME.report.csv)")
	f.StringVar(&s.failed, "failed", "", "`FILE` for the rows to mend (default NAME.failed.csv)")
	f.Var(&s.maxFailures, "max-failures", "stop when more updates of this run failed than `P%|N`")
	f.BoolVar(&s.yes, "yes", false, "do not ask")
}

// commonFlags are those of every command.
func (s *settings) commonFlags(f *pflag.FlagSet) {
	f.BoolVar(&s.json, "json", false, "answer with one JSON object")
	f.BoolVar(&s.quiet, "quiet", false, "say only what was asked for, and errors")
	f.BoolVar(&s.verbose, "verbose", false, "say more")
	f.StringVar(&s.logFile, "log-file", "", "append a structured log to `FILE`")
	f.Var(&oneOf{target: &s.lang, of: languages}, "lang", "speak `en|ru` (default: the locale's)")
}

// resolve lets the environment fill in what no flag gave, then a profile what
// neither gave, and last the one that billmark init saved.
func resolve(c *console, cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name, ok := environment[f.Name]
		if !ok || f.Changed || failed != nil {
			return
		}
		value, ok := c.env(name)
		if !ok || value == "" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			failed = usage(fmt.Sprintf("%s=%q: %v", name, value, err), "billmark run --help shows what it can be")
		}
	})
	if failed != nil {
		return failed
	}
	if err := useProfile(c, cmd); err != nil {
		return err
	}
	return useDefault(c, cmd)
}

// pace is a rate flag.
type pace struct {
	limit rate.Limit
	text  string
}

func (p *pace) String() string { return p.text }
func (p *pace) Type() string   { return "rate" }

// perUnit is how many seconds the units of a pace have.
var perUnit = map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}

// Set reads N, N/s, N/m or N/h; 0 is no limit.
func (p *pace) Set(s string) error {
	if s == "unlimited" {
		s = "0"
	}
	number, unit, _ := strings.Cut(s, "/")
	per, ok := perUnit[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) || n > 1e6 {
		return fmt.Errorf("must be like 1/s, 30/m or 100/h")
	}
	*p = pace{limit: rate.Limit(n / per), text: s}
	if unit == "" {
		p.text = s + "/s"
	}
	if n == 0 {
		*p = pace{limit: rate.Inf, text: "unlimited"}
	}
	return nil
}

// count is a flag that takes a whole number from 1 on.
type count int

func (n *count) String() string { return strconv.Itoa(int(*n)) }
func (n *count) Type() string   { return "number" }

func (n *count) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > math.MaxInt32 {
		return fmt.Errorf("must be a whole number from 1 on")
	}
	*n = count(v)
	return nil
}

// share is a flag that takes a number, or a percentage.
type share struct {
	number  int
	percent float64
	isCount bool
	floor   int // a percentage never comes to less
	text    string
}

func (s *share) String() string { return s.text }
func (s *share) Type() string   { return "share" }

func (s *share) Set(text string) error {
	if p, ok := strings.CutSuffix(text, "%"); ok {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || !(v >= 0 && v <= 100) {
			return fmt.Errorf("must be a percentage from 0%% to 100%%, or a number of rows")
		}
		*s = share{percent: v, floor: s.floor, text: text}
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("must be a number of rows, or a percentage like 10%%")
	}
	*s = share{number: n, isCount: true, floor: s.floor, text: text}
	return nil
}

// of is how many of total are allowed.
func (s *share) of(total int) int {
	if s.isCount {
		return s.number
	}
	return max(s.floor, int(float64(total)*s.percent/100))
}

// pairs is a repeatable flag NAME=VALUE.
type pairs []pair

type pair struct{ name, value string }

func (p *pairs) String() string { return "" }
func (p *pairs) Type() string   { return "pair" }

func (p *pairs) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return fmt.Errorf("must be like NAME=VALUE")
	}
	*p = append(*p, pair{name, value})
	return nil
}

// againSet is what --again says.
func (s *settings) againSet() (batch.Again, error) {
	a, err := batch.ParseAgain(s.again)
	if err != nil {
		return 0, usage("--again: "+err.Error(), "say for example --again rejected,late")
	}
	return a, nil
}
