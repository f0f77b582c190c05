package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"billmark/signer"
)

// order is one row of the manifests: all different, none of them doubtful.
func order(i int) (bill, date int, rpo string) {
	digits := fmt.Sprintf("%013d", 1_000_000_000_001+3*i)
	sum := 0
	for k, c := range digits {
		weight := 1
		if k%2 == 0 {
			weight = 3
		}
		sum += int(c-'0') * weight
	}
	return 1_000_001 + 10*i, 1_362_254_400 + i%86_400, digits + string(rune('0'+(10-sum%10)%10))
}

func form(i int) signer.Form {
	bill, date, rpo := order(i)
	return signer.Form{
		{Name: "bill_id", Value: fmt.Sprint(bill)},
		{Name: "status", Value: "sent"},
		{Name: "date", Value: fmt.Sprint(date)},
		{Name: "rpo", Value: rpo},
	}
}

// write makes a file of lines, unless it is there.
func (l *lab) write(name string, lines func(*bufio.Writer)) (string, error) {
	path := filepath.Join(l.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	f, err := os.Create(path + ".new")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	lines(w)
	if err := w.Flush(); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

func (l *lab) manifest(rows int) (string, error) {
	return l.write(fmt.Sprintf("orders-%d.csv", rows), func(w *bufio.Writer) {
		fmt.Fprintln(w, "bill_id,status,date,rpo")
		for i := range rows {
			bill, date, rpo := order(i)
			fmt.Fprintf(w, "%d,sent,%d,%s\n", bill, date, rpo)
		}
	})
}

// body is one signed body.
func body(i int) (string, error) {
	account, err := signer.NewAccount(login, key)
	return string(account.Sign(nil, form(i))), err
}

// targets are the signed requests as vegeta reads them.
func (l *lab) targets() (string, error) {
	account, err := signer.NewAccount(login, key)
	if err != nil {
		return "", err
	}
	return l.write(fmt.Sprintf("targets-%s-%d.jsonl", l.server.port(), l.rows), func(w *bufio.Writer) {
		e := json.NewEncoder(w)
		for i := range l.rows {
			e.Encode(map[string]any{
				"method": "POST", "url": l.server.url(), "body": base64.StdEncoding.EncodeToString(account.Sign(nil, form(i))),
				"header": map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}},
			})
		}
	})
}

// script is wrk's program.
func (l *lab) script() (string, error) {
	text, err := os.ReadFile(source("fixed.lua"))
	if err != nil {
		return "", err
	}
	signed, err := body(0)
	if err != nil {
		return "", err
	}
	path := filepath.Join(l.dir, "fixed.lua")
	return path, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "@BODY@", signed)), 0o644)
}

// source is a file beside this program.
func source(name string) string { return filepath.Join("testdata", "bench", "peers", name) }
