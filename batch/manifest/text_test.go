package manifest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"billmark/batch"
)

// in writes a text in an encoding.
func in(code encoding.Encoding, text string) string {
	encoded, err := code.NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return encoded
}

var (
	littleEndian = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	bigEndian    = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// Every encoding that can be named must give back the bytes it was given, or
// the failed file would not hold the rows as they stand.
func TestEncodingsAreExact(t *testing.T) {
	for name, enc := range encodings {
		if enc.code == nil || enc.isUTF16() {
			continue
		}
		for b := 0; b < 256; b++ {
			decoded, err := enc.code.NewDecoder().Bytes([]byte{byte(b)})
			if err != nil {
				t.Fatalf("%s, byte %#x: %v", name, b, err)
			}
			if string(decoded) == "\ufffd" {
				continue // refused
			}
			if b < 0x80 && string(decoded) != string(rune(b)) {
				t.Errorf("%s is not plain at %#x", name, b)
			}
			if back, err := enc.encode(decoded); err != nil || !bytes.Equal(back, []byte{byte(b)}) {
				t.Errorf("%s, byte %#x: %q comes back as %q, %v", name, b, decoded, back, err)
			}
		}
	}
}

const (
	russian = "Номер заказа;Статус;Дата;Трек-номер;Получатель\r\n" +
		"100001;Отправлен;13.05.2026;RR123456785RU;Иванов Пётр Ильич, г. Москва\r\n" +
		"100002;оплачен;2026-05-14 10:00;;ООО «Ромашка», Санкт-Петербург\r\n"
	french = "Commande;bill_id;status;date;rpo;Nom\n" +
		"é;100001;sent;1778662800;8R123;François Lefèvre, 5 rue de l'Église\n"
	plainFile = "bill_id,status,date,rpo\n100001,paid,1778662800,\n"
)

var russianWords = map[string]string{"Отправлен": "sent", "Оплачен": "paid"}

func TestEncodings(t *testing.T) {
	for _, test := range []struct {
		name, data, option, want string
	}{
		{"utf-8", russian, "", "utf-8"},
		{"utf-8 with a mark", "\ufeff" + russian, "", "utf-8"},
		{"utf-8 named", russian, "UTF-8", "utf-8"},
		{"utf-8 named, with a mark", "\ufeff" + russian, "utf8", "utf-8"},
		{"utf-16le with a mark", in(littleEndian, "\ufeff"+russian), "", "utf-16le"},
		{"utf-16be with a mark", in(bigEndian, "\ufeff"+russian), "", "utf-16be"},
		{"utf-16le with a mark, named", in(littleEndian, "\ufeff"+russian), "utf-16le", "utf-16le"},
		{"utf-16 with a mark, named", in(bigEndian, "\ufeff"+russian), "UTF-16", "utf-16be"},
		{"utf-16le without, named", in(littleEndian, russian), "utf-16le", "utf-16le"},
		{"utf-16be without, named", in(bigEndian, russian), "UTF_16BE", "utf-16be"},
		{"windows-1251", in(charmap.Windows1251, russian), "", "windows-1251"},
		{"windows-1251 named", in(charmap.Windows1251, russian), "Windows 1251", "windows-1251"},
		{"windows-1251 by another name", in(charmap.Windows1251, russian), "cp1251", "windows-1251"},
		{"koi8-r", in(charmap.KOI8R, strings.NewReplacer("«", "", "»", "").Replace(russian)), "", "koi8-r"},
		{"koi8-r named", in(charmap.KOI8R, strings.NewReplacer("«", "", "»", "").Replace(russian)), "koi8-r", "koi8-r"},
		{"cp866", in(charmap.CodePage866, strings.NewReplacer("«", "", "»", "").Replace(russian)), "", "cp866"},
		{"cp866 named", in(charmap.CodePage866, strings.NewReplacer("«", "", "»", "").Replace(russian)), "ibm866", "cp866"},
		{"x-mac-cyrillic", in(charmap.MacintoshCyrillic, russian), "", "x-mac-cyrillic"},
		{"iso-8859-5", in(charmap.ISO8859_5, strings.NewReplacer("«", "", "»", "").Replace(russian)), "", "iso-8859-5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, rows := whole(t, test.data, Options{Encoding: test.option, Words: russianWords, Location: moscow})
			if f.Encoding() != test.want {
				t.Errorf("the encoding is said to be %s", f.Encoding())
			}
			if got, want := mapping(f), "bill_id=Номер заказа status=Статус date=Дата rpo=Трек-номер"; strings.ReplaceAll(got, "\ufeff", "") != want {
				t.Errorf("the columns are %s", got)
			}
			want := []string{"sent of bill 100001 at 1778662800 with RR123456785RU", "paid of bill 100002 at 1778742000"}
			if diff := cmp.Diff(want, allFacts(rows)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEncodingsOfOthers(t *testing.T) {
	for _, test := range []struct{ name, data, option, want string }{
		{"plain", plainFile, "", "utf-8"},
		{"plain, named otherwise", plainFile, "koi8-r", "koi8-r"},
		{"plain, as utf-16le without a mark", in(littleEndian, plainFile), "", "utf-16le"},
		{"plain, as utf-16be without a mark", in(bigEndian, plainFile), "", "utf-16be"},
		{"plain, as utf-16be without a mark, named", in(bigEndian, plainFile), "utf-16", "utf-16be"},
		{"windows-1252", in(charmap.Windows1252, french), "", "windows-1252"},
		{"windows-1252 named", in(charmap.Windows1252, french), "windows-1252", "windows-1252"},
		{"iso-8859-1 named", in(charmap.ISO8859_1, french), "latin1", "iso-8859-1"},
		{"a euro sign only", in(charmap.Windows1252, strings.ReplaceAll(plainFile, "\n100001,paid,1778662800,", ",sum\n100001,paid,1778662800,,10 €")), "", "windows-1252"},
		{"German", in(charmap.Windows1252, "Größe;bill_id;status;date\nMüller, Weißstraße 5;5;paid;1778662800\n"), "", "windows-1252"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, rows := whole(t, test.data, Options{Encoding: test.option})
			if f.Encoding() != test.want {
				t.Errorf("the encoding is said to be %s", f.Encoding())
			}
			if len(rows) != 1 || len(rows[0].Faults) > 0 {
				t.Errorf("the rows are %v", allFacts(rows))
			}
		})
	}
}

func TestEncodingsRefused(t *testing.T) {
	const uncertain = "the text is not UTF-8, and its encoding is not certain"
	for _, test := range []struct{ name, data, option, want string }{
		{"too little to tell by", "bill_id,status,note\n1,cancel," + in(charmap.Windows1251, "да") + "\n", "", uncertain},
		{"one letter", "bill_id,status,note\n1,cancel," + in(charmap.Windows1251, "и") + "\n", "", uncertain},
		{"Greek", "bill_id,status,note\n1,cancel," + in(charmap.Windows1253, "Παπαδόπουλος Γιώργος, Αθήνα") + "\n", "", uncertain},
		{"Turkish", "bill_id,status,note\n1,cancel," + in(charmap.Windows1254, "Şükrü Yılmaz, İstanbul, Beşiktaş") + "\n", "", uncertain},
		{"Polish", "bill_id,status,note\n1,cancel," + in(charmap.Windows1250, "Wójcik Małgorzata, ul. Łódzka 5, Kraków") + "\n", "", uncertain},
		{"Czech", "bill_id,status,note\n1,cancel," + in(charmap.Windows1250, "Příčná 12, Plzeň, Dvořák Jiří, žlutý kůň") + "\n", "", uncertain},
		{"Hebrew", "bill_id,status,note\n1,cancel," + in(charmap.Windows1255, "משה כהן, תל אביב") + "\n", "", uncertain},
		{"Chinese", "bill_id,status,note\n1,cancel,\xd2\xd1\xb8\xb6\xbf\xee \xb1\xb1\xbe\xa9\xca\xd0\n", "", uncertain},
		{"Japanese", "bill_id,status,note\n1,cancel,\x93\x8c\x8b\x9e\x93s\x90V\x8fh\x8b\xe6\n", "", uncertain},
		{"noise", "bill_id,status,note\n1,cancel,\xff\x81\x8d\xfe\x90\x9d\xa5\n", "", uncertain},
		{"two files put together", "bill_id,status,note\n1,cancel,Иванов Иван\n2,cancel," + in(charmap.Windows1251, "Петров Пётр Петрович") + "\n", "", "some lines are UTF-8 and others are not: were two files put together?"},
		{"a mark of utf-8 before something else", "\ufeffbill_id,status\n1,cancel\n\n2,\xe9\n", "", "line 4 is not UTF-8, which the file's first bytes say that it is"},
		{"utf-8 named and wrong", "bill_id,status,note\n1,cancel,\xe9\n", "utf-8", "line 2 is not UTF-8"},
		{"windows-1251 named, but it is utf-8", russian, "windows-1251", "the text is UTF-8, and not windows-1251"},
		{"koi8-r named, but it is windows-1251", in(charmap.Windows1251, russian), "koi8-r", "--encoding koi8-r does not fit: the text reads as windows-1251"},
		{"windows-1252 named, but it is cp866", in(charmap.CodePage866, "Заказ;Получатель;bill_id;status\nпервый;Смирнова Анна Викторовна;1;cancel\n"), "windows-1252", "--encoding windows-1252 does not fit: the text reads as cp866"},
		{"a mark against the name", "\ufeff" + plainFile, "windows-1251", "--encoding windows-1251 is not what the file says itself, which is utf-8"},
		{"utf-16le named, but it is utf-8", plainFile, "utf-16le", "the file is not utf-16le"},
		{"utf-16 named, but it is utf-8", plainFile, "utf-16", "the file is not utf-16"},
		{"utf-16be named, but it is the other", in(littleEndian, plainFile), "utf-16be", "the file is not utf-16be"},
		{"half of a pair in utf-16", in(littleEndian, "\ufeff"+plainFile) + "\x00\xd8\n\x00", "", "line 3 holds what is not utf-16le"},
		{"a byte too few in utf-16", in(littleEndian, "\ufeff"+plainFile) + "1", "", "line 3 holds what is not utf-16le"},
		{"a byte that iso-8859-7's neighbour lacks", "bill_id,status,note\n1,cancel,\xaa\n", "windows-1253", "line 2 holds what is not windows-1253"},
		{"NUL bytes", "bill_id,status\n1,cancel\n2,\x00\n", "", "line 3 holds a NUL byte: this is no text, or in an encoding that --encoding must say"},
		{"NUL in utf-16", in(littleEndian, "\ufeffbill_id,status\n1,\x00\n"), "", "line 2 holds a NUL byte: this is no text, or in an encoding that --encoding must say"},
		{"NUL in windows-1251", in(charmap.Windows1251, russian) + "\x00", "windows-1251", "line 4 holds a NUL byte: this is no text, or in an encoding that --encoding must say"},
		{"a little Russian utf-16 without a mark", in(littleEndian, "Номер заказа\tСтатус заказа и оплаты\n1\tда\n"), "", "line 1 holds a NUL byte: this is no text, or in an encoding that --encoding must say"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := refused(t, test.data, Options{Encoding: test.option}); err.Message != test.want {
				t.Errorf("got %q (%s) instead of %q", err.Message, err.Hint, test.want)
			}
		})
	}
}

// Code pages are told apart by few words, or not at all: a wrong one is never
// taken.
func TestGuessIsNeverWrong(t *testing.T) {
	texts := []string{
		"Иванов Иван Иванович", "Пётр Ёлкин", "ООО «Ромашка»", "оплачен", "ОПЛАЧЕН", "Отправлен, ждёт в отделении № 5", "да", "нет", "и", "г. Омск",
		"СМИРНОВА АННА", "ул. Ленина, д. 5", "возврат — не забрали", "Казань", "Щёлково", "Йошкар-Ола", "XXL размер", "футболка (красная), 2 шт.", "Київ, вул. Хрещатик",
		"Николай", "яблоки", "Эльвира Юрьевна Цой", "заказ", "Заказ 5: отменён покупателем", "Тверь", "Рязань", "Ткань", "Итого",
	}
	pages := map[string]encoding.Encoding{
		"windows-1251": charmap.Windows1251, "koi8-r": charmap.KOI8R, "cp866": charmap.CodePage866, "x-mac-cyrillic": charmap.MacintoshCyrillic, "iso-8859-5": charmap.ISO8859_5,
	}
	told := 0
	for page, code := range pages {
		for _, text := range texts {
			encoded, err := code.NewEncoder().Bytes([]byte("1;" + text + "\n"))
			if err != nil {
				continue // it cannot be written so
			}
			f := File{options: Options{Name: "x"}}
			if f.guess(encoded) != nil {
				continue
			}
			told++
			if back, _ := f.text.code.NewDecoder().Bytes(encoded); string(back) != "1;"+text+"\n" {
				t.Errorf("%q in %s is read as %q in %s", text, page, back, f.text.name)
			}
		}
	}
	if told < 60 {
		t.Errorf("only %d of the texts could be told at all", told)
	}
}

func TestDisguised(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"workbook", "PK\x03\x04\x14\x00", "a zip archive (perhaps a spreadsheet)"},
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "an old Excel or Word file"},
		{"PDF", "%PDF-1.4\n", "a PDF file"},
		{"gzip", "\x1f\x8b\x08", "a gzip archive"},
		{"web page", "<html><table><tr><td>bill_id", "an HTML or XML file (some portals call it .xls or .csv)"},
		{"web page after a mark and blank lines", "\ufeff\r\n\r\n  <TABLE border=1>", "an HTML or XML file (some portals call it .xls or .csv)"},
		{"web page in utf-16", in(littleEndian, "\ufeff<html>\n<table>"), "an HTML or XML file (some portals call it .xls or .csv)"},
		{"XML", "<?xml version=\"1.0\"?>", "an HTML or XML file (some portals call it .xls or .csv)"},
		{"JSON", "{\"bill_id\": 1}", "a JSON file"},
		{"JSON list", "[{\"bill_id\": 1}]", "a JSON file"},
		{"SYLK", "ID;PWXL;N;E\r\n", "a SYLK file"},
		{"1C", "1CClientBankExchange\r\n", "a 1C bank exchange file"},
		{"1C after a mark", "\ufeff1CClientBankExchange\r\n", "a 1C bank exchange file"},
		{"UTF-32", "\xff\xfe\x00\x00b\x00\x00\x00", "a UTF-32 text"},
		{"RTF", "{\\rtf1 bill_id", "an RTF file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := refused(t, test.data, Options{}); err.Message != "this is "+test.want+", not a CSV file" {
				t.Errorf("got %q", err.Message)
			}
		})
	}
}

func TestDelimiters(t *testing.T) {
	for _, test := range []struct{ name, data, option, want string }{
		{"comma", "bill_id,status\n1,cancel\n", "", "comma"},
		{"semicolon", "bill_id;status\n1;cancel\n", "", "semicolon"},
		{"tab", "bill_id\tstatus\n1\tcancel\n", "auto", "tab"},
		{"pipe", "bill_id|status\n1|cancel\n", "AUTO", "pipe"},
		{"named", "bill_id|status\n1|cancel\n", "Pipe", "pipe"},
		{"by its sign", "bill_id|status\n1|cancel\n", "|", "pipe"},
		{"tab as it is written", "bill_id\tstatus\n1\tcancel\n", `\t`, "tab"},
		{"another", "bill_id^status\n1^cancel\n", "^", `'^'`},
		{"one of several bytes", "bill_id¦status\n1¦cancel\n", "¦", `'¦'`},
		{"a number sign", "bill_id#status\n1#cancel\n", "#", `'#'`},
		{"a blank", "bill_id status\n1 cancel\n", " ", `' '`},
		{"semicolon, with decimal commas", "bill_id;status;sum\n1;cancel;1,50\n", "", "semicolon"},
		{"semicolon, with commas in the header", "bill_id;status;name, first name, city\n1;cancel;a, b, c\n", "", "semicolon"},
		{"comma, with semicolons in a cell", "bill_id,status,goods\n1,cancel,a;b;c\n2,cancel,a;b\n", "", "comma"},
		{"in quotes", "\"bill_id\";\"status\";\"a,b\"\n\"1\";\"cancel\";\"x,y\"\n", "", "semicolon"},
		{"said by the file", "sep=;\nbill_id;status\n1;cancel\n", "", "semicolon"},
		{"said by the file in quotes, and in capitals", "\"SEP=|\"\r\nbill_id|status\r\n1|cancel\r\n", "", "pipe"},
		{"said by the file, an odd one", "sep=^\nbill_id^status\n1^cancel\n", "", `'^'`},
		{"said by the file, and otherwise by the user", "sep=,\nbill_id;status\n1;cancel\n", "semicolon", "semicolon"},
		{"said after a mark", "\ufeffsep=\t\nbill_id\tstatus\n1\tcancel\n", "", "tab"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, rows := whole(t, test.data, Options{Delimiter: test.option})
			if f.Delimiter() != test.want {
				t.Errorf("got %s instead of %s", f.Delimiter(), test.want)
			}
			if want := (batch.Update{Bill: 1, Status: batch.Cancel}); len(rows) == 0 || rows[0].Update != want {
				t.Errorf("the rows are %v", allFacts(rows))
			}
		})
	}
}

func TestDelimitersRefused(t *testing.T) {
	for _, test := range []struct {
		name, data, message, hint string
		o                         Options
	}{
		{"a tie", "a,b;c\nd,e;f\n", "the delimiter is not certain: comma or semicolon", "say --delimiter", Options{}},
		{"none of the usual", "bill_id^status\n1^cancel\n", "no column for bill_id (the header has: bill_id^status)", "all names stand in one cell: take the quotes from around the lines, or say the right --delimiter", Options{}},
		{"the wrong one", "bill_id;status\n1;cancel\n", "no column for bill_id (the header has: bill_id;status)", "all names stand in one cell: take the quotes from around the lines, or say the right --delimiter", Options{Delimiter: "comma"}},
		{"said by the file, and wrong", "sep=,\nbill_id;status\n1;cancel\n", "no column for bill_id (the header has: bill_id;status)", "all names stand in one cell: take the quotes from around the lines, or say the right --delimiter", Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := refused(t, test.data, test.o); err.Message != test.message || err.Hint != test.hint {
				t.Errorf("got\n%s\n%s\ninstead of\n%s\n%s", err.Message, err.Hint, test.message, test.hint)
			}
		})
	}
}
