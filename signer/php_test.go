package signer

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// phpKey is for these tests alone; it shows in the list of processes.
const phpKey = "ключ-для-проверки"

// needPHP skips loudly where there is no PHP, unless it is required.
func needPHP(t *testing.T) Account {
	t.Helper()
	if _, err := exec.LookPath("php"); err != nil {
		if os.Getenv("BILLMARK_REQUIRE_PHP") != "" {
			t.Fatal("PHP is required and not there")
		}
		t.Skip("NOT CHECKED: there is no PHP here to compare with")
	}
	a, err := NewAccount("shop7", phpKey)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// php gives a script of ours lines and reads the lines of its answer.
func php(t *testing.T, script string, args []string, ask func(io.Writer), answer func(n int, line string)) {
	t.Helper()
	cmd := exec.Command("php", append([]string{filepath.Join(data, "php", script)}, args...)...)
	var input bytes.Buffer
	ask(&input)
	cmd.Stdin, cmd.Stderr = &input, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		answer(n, lines.Text())
	}
	if err := cmd.Wait(); err != nil || lines.Err() != nil {
		t.Fatalf("php %s: %v, %v after %d lines", script, err, lines.Err(), n)
	}
}

func in64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func out64(t *testing.T, text string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// anyBytes gives up to 40 random bytes.
func anyBytes(rng *rand.Rand) string {
	b := make([]byte, rng.IntN(41))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return string(b)
}

// TestParityWithPHP: form and hash of 200,000 random byte strings are what
// PHP's http_build_query and md5 make of them.
func TestParityWithPHP(t *testing.T) {
	a := needPHP(t)
	const count = 200_000
	rng := rand.New(rand.NewPCG(5, 9))
	forms := make([]Form, count)
	for i := range forms {
		name := "rpo"
		if i%4 == 0 { // a name that PHP takes for no number
			name = "n" + anyBytes(rng)
		}
		forms[i] = Form{{"bill_id", "100000"}, {name, anyBytes(rng)}, {"z", ""}}
	}
	checked := 0
	php(t, "encode.php", []string{a.Login(), phpKey}, func(w io.Writer) {
		for _, f := range forms {
			fmt.Fprintf(w, "%s %s\n", in64(f[1].Name), in64(f[1].Value))
		}
	}, func(n int, line string) {
		query, hash, _ := strings.Cut(line, " ")
		if want := out64(t, query); forms[n].Encode() != want || a.Hash(forms[n]) != hash {
			t.Fatalf("%q: PHP says %s, %s; we say %s, %s", forms[n], want, hash, forms[n].Encode(), a.Hash(forms[n]))
		}
		checked++
	})
	if checked != count {
		t.Errorf("%d strings were compared, not %d", checked, count)
	}
}

// TestRepliesOfPHP: replies that PHP signs and writes, with Cyrillic text and
// with any other, verify, and their text is unchanged.
func TestRepliesOfPHP(t *testing.T) {
	a := needPHP(t)
	rng := rand.New(rand.NewPCG(7, 1))
	letters := []rune("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАЯ az09\"\\/<>&'=+-\u2028\u00a0€😀\n\t")
	var codes, texts []string
	for i := range 5_000 {
		text := make([]rune, rng.IntN(60))
		for j := range text {
			text[j] = letters[rng.IntN(len(letters))]
		}
		codes, texts = append(codes, fmt.Sprint(i%500-10)), append(texts, string(text))
	}
	checked := 0
	php(t, "reply.php", []string{phpKey}, func(w io.Writer) {
		for i := range codes {
			fmt.Fprintf(w, "%s %s\n", in64(codes[i]), in64(texts[i]))
		}
	}, func(n int, line string) {
		for body := range strings.FieldsSeq(line) {
			text := out64(t, body)
			if r, err := a.Verify([]byte(text)); err != nil || r.Code != codes[n] || r.Text != texts[n] {
				t.Fatalf("%s: %v: code %q text %q", text, err, r.Code, r.Text)
			}
			checked++
		}
	})
	if checked != 2*len(codes) {
		t.Errorf("%d replies were verified, not %d", checked, 2*len(codes))
	}
}

// TestServerOfPHP posts 3,000 updates, with every printable character in their
// values, to a server in PHP that checks the hash by the vendor's formula; all
// verify there, arrive unchanged, and its replies verify here.
func TestServerOfPHP(t *testing.T) {
	a := needPHP(t)
	address := serverOfPHP(t)
	rng := rand.New(rand.NewPCG(3, 3))
	var printable []rune
	for r := ' '; r < 0x7f; r++ {
		printable = append(printable, r)
	}
	printable = append(printable, []rune("абвЯё№€ßéñ中文😀\u00a0")...)
	for i := range 3_000 {
		value := []rune{printable[i%len(printable)], 'x'}
		for range rng.IntN(20) {
			value = append(value, printable[rng.IntN(len(printable))])
		}
		form := Form{{"bill_id", fmt.Sprint(100000 + i)}, {"status", "sent"}, {"date", "1362254400"}, {"rpo", string(value)}}
		answer, err := http.Post(address, "application/x-www-form-urlencoded", bytes.NewReader(a.Sign(nil, form)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if r, err := a.Verify(body); err != nil || r.Code != "0" || r.Text != string(value) {
			t.Fatalf("%q: %v: code %q text %q\n%s", form, err, r.Code, r.Text, body)
		}
	}
}

// serverOfPHP starts PHP's own server on loopback and gives its address.
func serverOfPHP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	cmd := exec.Command("php", "-S", host, filepath.Join(data, "php", "server.php"))
	cmd.Env = append(os.Environ(), "LOGIN=shop7", "KEY="+phpKey)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 200 {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return "http://" + host + "/api/UpdateOrderStatus"
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("the server in PHP does not start")
	return ""
}
