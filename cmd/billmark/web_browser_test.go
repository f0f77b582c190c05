package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chromium finds the browser. Without one the test is left out, unless it is
// required.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("BILLMARK_REQUIRE_CHROMIUM") == "1" {
		t.Fatal("BILLMARK_REQUIRE_CHROMIUM is 1, and there is no chromium")
	}
	t.Skip("NO CHROMIUM: the page is NOT tried in a real browser")
	return ""
}

// tab is one tab of a real browser, and what it complained of and asked for.
type tab struct {
	t         *testing.T
	ctx       context.Context
	mu        sync.Mutex
	complaint []string
	hosts     map[string]bool
}

func newTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-US"), chromedp.Env("LANGUAGE=en"))
	allocated, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(func() { cancel(); cancelAllocator() })
	b := &tab{t: t, ctx: ctx, hosts: map[string]bool{}}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	return b
}

// hear notes which hosts are asked, and what goes wrong in the page.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" {
			b.hosts[u.Host] = true
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity {
			b.complaint = append(b.complaint, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.complaint = append(b.complaint, e.ExceptionDetails.Text)
	}
}

// call sends one command of the browser's protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// get runs one action, for at most half a minute.
func get[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("%v, on the page:\n%.2000s", err, text)
	}
	return value
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		get(b, a)
	}
}

// sees waits until the page says something.
func (b *tab) sees(text string) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		shown, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.readyState === 'complete' ? document.body.innerText : ""`))
		if err == nil && strings.Contains(shown, text) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the page never says %q: %v\n%.2000s", text, err, shown)
		}
		time.Sleep(20 * time.Millisecond) // the browser's time is the real one
	}
}

// tryLook holds the page as it stands against what everybody needs: no text
// too pale, nothing wider than a phone, a name for every control.
func (b *tab) tryLook(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 1280} {
			call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			b.do(chromedp.EmulateViewport(width, 800))
			pale := get(b, chromedp.Evaluate[[]string](paleTexts))
			tooWide := get(b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
			picture := get(b, chromedp.CaptureScreenshot())
			if len(pale) > 0 {
				b.t.Errorf("%s, %s: too pale: %q", name, scheme, pale)
			}
			if tooWide {
				b.t.Errorf("%s is wider than %d", name, width)
			}
			file := filepath.Join(b.t.ArtifactDir(), fmt.Sprintf("%s-%s-%d.png", name, scheme, width))
			if err := os.WriteFile(file, picture, 0o600); err != nil {
				b.t.Error(err)
			}
		}
	}
	b.do(chromedp.ResetViewport())
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	b.tryNames(name)
}

// paleTexts lists texts whose contrast to what is behind them is under 4.5.
const paleTexts = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parse = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return Array.from(canvas.getImageData(0, 0, 1, 1).data); };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
  const pale = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) pale.push(e.tagName + ' ' + e.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return pale;
})()`

// tryNames asks the browser what a screen reader is told: every control must
// have a name.
func (b *tab) tryNames(name string) {
	b.t.Helper()
	nodes := call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	controls := 0
	for _, n := range nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		switch role := strings.Trim(string(n.Role.Value), `"`); role {
		case "button", "link", "textbox", "searchbox", "spinbutton", "combobox", "checkbox", "progressbar", "region", "heading":
			controls++
			if n.Name == nil || strings.Trim(string(n.Name.Value), `" `) == "" {
				b.t.Errorf("%s: a %s has no name", name, role)
			}
		}
	}
	if controls < 5 {
		b.t.Errorf("%s: only %d controls were found", name, controls)
	}
}

// TestBrowser goes the whole way in a real browser, with nothing but the start
// address: upload, mapping by selects, start with the typed count, pause and
// resume by keyboard, result, report, Russian.
func TestBrowser(t *testing.T) {
	chromium(t)
	h := newPageHouse(t, "drop=0.03")
	s := h.serve("--rate", "25", "--max-failures", "100%")
	b := newTab(t)
	file := filepath.Join(t.TempDir(), "parcels.csv")
	if err := os.WriteFile(file, pageManifest(60), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(s.address))
	b.sees("A file to work on")
	b.tryLook("home")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}), chromedp.Submit(chromedp.CSS("#file")))
	b.sees("no column for status")
	b.tryLook("refused")
	b.do(chromedp.SetValue(chromedp.CSS("#f-status"), "set:sent"), chromedp.Submit(chromedp.CSS("#f-status")))
	b.sees("Send 61 updates")
	b.tryLook("plan")

	// By keyboard: the warnings were seen, the count is typed.
	b.do(chromedp.Focus(chromedp.CSS(`[name="seen"]`)), chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("61"), chromedp.KeyEvent(kb.Enter))
	b.sees("The last outcomes")
	b.sees("sent of order 100003")
	b.tryLook("live")
	// By keyboard: the pause button is focused and pressed.
	b.do(chromedp.Focus(chromedp.CSS(`[data-when="sending"] button`)), chromedp.KeyEvent(" "))
	b.sees("paused: nothing is started")
	if focused := get(b, chromedp.Evaluate[string](`document.activeElement.id`)); focused != "content" {
		t.Errorf("the focus went to %q as its button went away", focused)
	}
	b.do(chromedp.Focus(chromedp.CSS(`[data-when="paused"] button`)), chromedp.KeyEvent(kb.Enter))
	b.sees("What became of the rows")
	b.tryLook("result")
	b.takeAway(t)

	b.do(chromedp.Click(chromedp.CSS(`[name="lang"]`)))
	b.sees("Что стало со строками")
	b.tryLook("russian")
	b.do(chromedp.Navigate(s.base + "/settle"))
	b.sees("Изменения, исход которых неизвестен")
	b.tryLook("settle")
	b.do(chromedp.Navigate(s.base + "/history"))
	b.sees("Все запуски")
	b.tryLook("history")

	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaint) > 0 {
		t.Errorf("the browser complains: %q", b.complaint)
	}
	delete(b.hosts, strings.TrimPrefix(s.base, "http://"))
	if len(b.hosts) > 0 {
		t.Errorf("other hosts were asked: %v", b.hosts)
	}
}

// takeAway downloads the report by its button.
func (b *tab) takeAway(t *testing.T) {
	folder := t.TempDir()
	if _, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
	}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Click(chromedp.CSS(`a[href$="/get/csv"]`)))
	path := filepath.Join(folder, "parcels.report.csv")
	for range 300 {
		if text, err := os.ReadFile(path); err == nil {
			if n := strings.Count(string(text), "\n"); n != 64 {
				t.Errorf("the report has %d lines", n)
			}
			return
		}
		time.Sleep(20 * time.Millisecond) // the browser's time is the real one
	}
	t.Error("no report was taken away")
}

// TestBrowserDrop drops a file, and shows that a page goes on where a run is
// that another browser began; and that another site cannot frame or read it.
func TestBrowserDrop(t *testing.T) {
	chromium(t)
	h := newPageHouse(t, "")
	s := h.serve("--rate", "20")
	b := newTab(t)
	b.do(chromedp.Navigate(s.address))
	b.sees("A file to work on")
	s.invited()
	get(b, chromedp.Evaluate[bool](`(() => {
		const data = new DataTransfer();
		data.items.add(new File(['bill_id,status,date,rpo\n'+Array.from({length: 40}, (_, i) => (100+i)+',sent,2026-01-05,R'+i+'\n').join('')], 'dropped.csv'));
		document.getElementById('drop').dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer: data }));
		return true;
	})()`))
	b.sees("Send 40 updates")
	other := s.browser()
	at := get(b, chromedp.Location())
	file := strings.TrimPrefix(at, s.base)
	other.start(file)
	b.sees("The last outcomes") // the page goes there by itself
	b.do(chromedp.Navigate("about:blank"))
	b.do(chromedp.Navigate(s.base + "/"))
	b.sees("A run is going on")
	b.do(chromedp.Navigate(at))
	b.sees("All 40 rows are confirmed.")

	b.do(chromedp.Navigate("about:blank"))
	top := call(b, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID
	call(b, page.SetDocumentContent, page.SetDocumentContentParams{FrameID: top, HTML: `<iframe src="` + at + `"></iframe>`})
	b.do(chromedp.Sleep(time.Second))
	frame := get(b, chromedp.Evaluate[string](`(() => { try { return document.querySelector('iframe').contentDocument.body.innerText } catch (e) { return '' } })()`))
	if strings.Contains(frame, "confirmed") {
		t.Errorf("another site framed the page: %s", frame)
	}
}
