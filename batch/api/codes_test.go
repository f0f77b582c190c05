package api

import (
	"strings"
	"testing"
	"unicode"

	"billmark/batch"
)

var (
	yes  = batch.Meaning{Class: batch.Confirmed}
	no   = batch.Meaning{Class: batch.Rejected}
	stop = batch.Meaning{Class: batch.Unsent, Stop: true}
)

// known is every code that the table must have, and what it means.
var known = []struct {
	code    string
	verdict batch.Meaning
	en, ru  string
}{
	{"0", yes, "done", "выполнено"},
	{"1", stop, "the API got no hash with the request", "API не получил хеш-подпись запроса"},
	{"2", stop, "the API got no data with the request", "API не получил данных запроса"},
	{"3", no, "the API found something wrong in the row's data", "API нашёл ошибку в данных строки"},
	{"4", stop, "the API does not accept this login or key", "API не принимает этот логин или ключ"},
	{"5", stop, "the API does not know this login or key", "API не знает этого логина или ключа"},
	{"6", stop, "the API does not allow this machine's address", "API не разрешает доступ с адреса этой машины"},
	{"7", stop, "the account is disabled", "аккаунт отключён"},
	{
		"8", stop, "the API's limit for this address is used up, or API functions are off for the account",
		"лимит API для этого адреса исчерпан, или функции API отключены для аккаунта",
	},
	{"200", no, "there is no such order", "такого заказа нет"},
	{"201", no, "the API does not know this status", "API не знает такого статуса"},
	{
		"202", no, "the order was not marked as paid: the service refused the payment",
		"заказ не отмечен оплаченным: сервис отказал в оплате",
	},
	{"203", no, "the API got no order number", "API не получил номер заказа"},
	{"302", no, "there is no such order", "такого заказа нет"},
	{"303", no, "the API does not know this status", "API не знает такого статуса"},
	{"400", no, "there is no such order", "такого заказа нет"},
}

func TestJudgeAndWords(t *testing.T) {
	for _, k := range known {
		if got := Judge(k.code); got != k.verdict {
			t.Errorf("Judge(%s) = %+v, want %+v", k.code, got, k.verdict)
		}
		for lang, want := range map[string]string{"en": k.en, "ru": k.ru, "": k.en, "de": k.en, "RU": k.en} {
			if got := Words(k.code, lang); got != want {
				t.Errorf("Words(%s, %q) = %s, want %s", k.code, lang, got, want)
			}
		}
	}
	if len(codes) != len(known) {
		t.Errorf("there are %d codes, and %d of them have a test", len(codes), len(known))
	}
}

// The service says that its table will grow. A code that nobody here knows is a
// no for its row alone, and named.
func TestUnknownCodes(t *testing.T) {
	for _, code := range []string{"9", "10", "-1", "100", "204", "304", "401", "601", "1000", "12345678901234567890"} {
		if got := Judge(code); got != no {
			t.Errorf("Judge(%s) = %+v, want %+v", code, got, no)
		}
		if got, want := Words(code, "en"), "the API said no, with the unknown code "+code; got != want {
			t.Errorf("Words(%s, en) = %s, want %s", code, got, want)
		}
		if got, want := Words(code, "ru"), "API ответил отказом с неизвестным кодом "+code; got != want {
			t.Errorf("Words(%s, ru) = %s, want %s", code, got, want)
		}
	}
}

// Only "0" is a yes. The rest are what a laxer program would take for it.
func TestOnlyZeroIsYes(t *testing.T) {
	for _, code := range []string{"", "00", "-0", "+0", "0.0", "0e5", " 0", "0 ", "\uff10", "null", "false", "OK"} {
		if got := Judge(code); got != no {
			t.Errorf("Judge(%q) = %+v, want %+v", code, got, no)
		}
	}
}

// The words stand in the middle of others' sentences.
func TestWordsAreHalfSentences(t *testing.T) {
	for code, c := range codes {
		for lang, text := range map[string]string{"en": c.en, "ru": c.ru} {
			first := []rune(strings.TrimPrefix(text, "API "))[0]
			if text == "" || !unicode.IsLower(first) || strings.ContainsAny(text[len(text)-1:], ".!? ") {
				t.Errorf("code %s, %s: %q is no half sentence", code, lang, text)
			}
			cyrillic := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
			if cyrillic != (lang == "ru") {
				t.Errorf("code %s: %q is not %s", code, text, lang)
			}
		}
	}
}
