package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const ours = "line result outcome code message attempts sent finished_at"

func TestHeader(t *testing.T) {
	for name, test := range map[string]struct{ own, want string }{
		"none":         {"", ours},
		"others":       {"bill_id status date", "bill_id status date " + ours},
		"same":         {"code sent", "code sent line result outcome billmark_code message attempts billmark_sent finished_at"},
		"any case":     {"CODE Finished_At", "CODE Finished_At line result outcome billmark_code message attempts sent billmark_finished_at"},
		"prefix taken": {"line billmark_line", "line billmark_line billmark_billmark_line result outcome code message attempts sent finished_at"},
		"prefix alone": {"billmark_line", "billmark_line " + ours},
		"doubled":      {"a a", "a a " + ours},
	} {
		own := strings.Fields(test.own)
		got := header(own)
		if diff := cmp.Diff(strings.Fields(test.want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !IsReport(got) {
			t.Errorf("%s: not known as a report", name)
		}
	}
	if got := header([]string{" Code "}); got[4] != "billmark_code" {
		t.Errorf("outer blanks: %q", got)
	}
}

func TestIsReport(t *testing.T) {
	for text, want := range map[string]bool{
		ours:                       true,
		"order " + ours:            true,
		strings.ToUpper(ours):      true,
		"order status":             false,
		"":                         false,
		ours + " note":             false,
		strings.Fields(ours)[0]:    false,
		"result line outcome code": false,
		"line result outcome code message attempts finished_at sent": false,
		"a b line result outcome code message attempts sent date":    false,
	} {
		if got := IsReport(strings.Fields(text)); got != want {
			t.Errorf("IsReport(%q) = %v", text, got)
		}
	}
}

func TestDefused(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "1": "1", "'=1": "'=1", " =1": " =1", "a=1": "a=1",
		"=1+1": "'=1+1", "+49": "'+49", "-5": "'-5", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", "-": "'-",
	} {
		if got := defused(in); got != want {
			t.Errorf("defused(%q) = %q", in, got)
		}
	}
}

// A text that is kept must never be another time's.
func TestSecond(t *testing.T) {
	var s second
	zone := time.FixedZone("", 3*3600)
	for _, at := range []time.Time{
		{},
		time.Time{}.Add(1),
		{},
		time.Unix(0, 0), time.Unix(-1, 5), time.Unix(0, 999_999_999), time.Unix(0, 0).In(zone),
		instant(1), instant(1).Add(time.Millisecond), instant(2),
		{},
		instant(2), instant(1),
	} {
		if got, want := s.moment(at), moment(at); got != want {
			t.Errorf("%v is written as %q, want %q", at, got, want)
		}
	}
}
