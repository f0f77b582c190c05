package batch_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/batch/client"
	"billmark/batch/journal"
	"billmark/batch/manifest"
	"billmark/batch/sandbox"
	"billmark/batch/walk"
	"billmark/signer"
)

const example = `bill_id,status,date,rpo
100000,sent,1362254400,10000000000000
100001,paid,1362254400,
100404,cancel,,
`

// TestExample runs a whole manifest by means of the library.
func TestExample(t *testing.T) {
	account, err := signer.NewAccount("demo", "secret")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sandbox.New(sandbox.Config{Account: account}))
	defer server.Close()
	base, err := url.Parse(server.URL + "/api/")
	if err != nil {
		t.Fatal(err)
	}
	counts, err := mark(t, account, base, filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	if counts[batch.Confirmed] != 2 || counts[batch.Rejected] != 1 {
		t.Errorf("counts are %v", counts)
	}
}

func mark(t *testing.T, account signer.Account, base *url.URL, path string) (counts [7]int, err error) {
	r := strings.NewReader(example)
	file, err := manifest.Open(r, r.Size(), manifest.Options{Name: "shipping.csv"})
	if err != nil {
		return counts, err // says what is wrong, and what to do
	}
	j, err := journal.Open(path, journal.Identity{Account: account.Login(), API: base.String(), DefaultZone: "UTC"})
	if err != nil {
		return counts, err
	}
	defer j.Close()
	w, err := walk.Read(walk.Config{Manifest: file}, nil)
	if err != nil {
		return counts, err
	}
	defer w.Close()
	plan, err := w.Decide(j) // what is to be sent, and when not
	if err != nil {
		return counts, err
	}
	defer plan.Close()
	run, err := j.StartRun(batch.Run{File: "shipping.csv", Started: time.Now()})
	if err != nil {
		return counts, err
	}
	c, err := client.New(client.Config{URL: base})
	if err != nil {
		return counts, err
	}
	tasks := plan.Tasks()
	job := batch.Job{
		Account: account, Tasks: tasks, Journal: j, RunID: run,
		Open: func() batch.Poster { return c.Open() }, Function: api.Update, Form: api.AppendForm, Meaning: api.Judge,
		Pace: batch.NewPace(100), Workers: 8, Attempts: 3, MaxFailures: 20,
	}
	if _, err = job.Run(context.Background()); err != nil {
		log.Print(err) // a *batch.Stop says why the run stopped by itself
	}
	after, err := w.Decide(j)
	if err != nil {
		return counts, err
	}
	defer after.Close()
	return after.Plan().Counts, after.Each(func(row *batch.Row, o batch.Outcome) error {
		t.Log(row.Line, row.Update, o.Class)
		return nil
	})
}

// Example signs one update, posts it and verifies the reply.
func Example() {
	ctx := context.Background()
	secret := "0123456789abcdef"
	known, _ := signer.NewAccount("shop7", secret)
	server := httptest.NewServer(sandbox.New(sandbox.Config{Account: known}))
	defer server.Close()
	base, _ := url.Parse(server.URL + "/api/")
	// README: begin
	account, err := signer.NewAccount("shop7", secret)
	c, err2 := client.New(client.Config{URL: base})
	poster := c.Open() // one connection, used by one goroutine at a time
	defer poster.Close()
	update := batch.Update{Bill: 100000, Status: batch.Paid, Date: 1362254400}
	err3 := poster.Connect(ctx) // if this fails nothing was sent
	answer, err4 := poster.Post(ctx, api.Update, account.Sign(nil, api.Form(update)))
	reply, err5 := account.Verify(answer.Body) // an error: not to be trusted
	fmt.Println(reply.Code, reply.Text, errors.Join(err, err2, err3, err4, err5))
	// README: end
	// Output: 0 OK <nil>
}
