package report

import (
	"fmt"
	"strings"
	"time"

	"billmark/batch"
)

// SummaryText is what a run or report did, for a person: counts that add up to
// the rows, and what they mean. Outcomes go by the words of the report's column.
func SummaryText(s batch.Summary, h Head) string {
	w := summaryWordsIn(h.Lang)
	var b strings.Builder
	fmt.Fprintf(&b, w.manifest, Clean(h.File), h.Digest)
	fmt.Fprintf(&b, w.account, h.Account, h.API)
	for _, c := range batch.Classes {
		if n := s.Counts[c]; n > 0 {
			fmt.Fprintf(&b, "%10d  %s%s\n", n, c, w.meanings[c])
		}
	}
	fmt.Fprintf(&b, "%10d  %s", s.Rows, w.rows)
	if s.Run > 0 {
		run := w.run
		if s.Requests == 1 {
			run = w.oneRequest
		}
		fmt.Fprintf(&b, run, s.Run, s.Requests)
		if took := s.Finished.Sub(s.Started).Round(time.Second); took > 0 {
			fmt.Fprintf(&b, w.took, took)
		}
	}
	b.WriteByte('\n')
	if s.Stopped != "" {
		fmt.Fprintf(&b, w.stopped, Clean(s.Stopped))
	}
	return b.String()
}

// summaryWords are the words of the summary in one language.
type summaryWords struct {
	manifest, account, rows, run, oneRequest, took, stopped string
	// meanings say what a class asks of the reader.
	meanings map[batch.Class]string
}

func summaryWordsIn(lang string) *summaryWords {
	if lang == "ru" {
		return &russianSummary
	}
	return &englishSummary
}

var englishSummary = summaryWords{
	manifest: "Manifest    %s (SHA-256 %.12s...)\n", account: "Account     %s at %s\n",
	rows: "rows in all", run: "; run %d, %d requests", oneRequest: "; run %d, %d request", took: " in %s", stopped: "Stopped     %s\n",
	meanings: map[batch.Class]string{
		batch.Confirmed:  "",
		batch.Rejected:   ": the API said no; mend the row",
		batch.Invalid:    ": not sent; mend the row",
		batch.Unsent:     ": surely had no effect",
		batch.Unverified: ": look at the order, then billmark settle",
		batch.Unknown:    ": look at the order, then billmark settle",
		batch.Skipped:    ": left out as you asked",
	},
}

var russianSummary = summaryWords{
	manifest: "Файл        %s (SHA-256 %.12s...)\n", account: "Аккаунт     %s, %s\n",
	rows: "строк всего", run: "; запуск %d, запросов: %d", oneRequest: "; запуск %d, запросов: %d", took: " за %s", stopped: "Остановлен  %s\n",
	meanings: map[batch.Class]string{
		batch.Confirmed:  ": выполнено",
		batch.Rejected:   ": API ответил отказом; исправьте строку",
		batch.Invalid:    ": не отправлено; исправьте строку",
		batch.Unsent:     ": точно ничего не изменило",
		batch.Unverified: ": проверьте заказ, затем billmark settle",
		batch.Unknown:    ": проверьте заказ, затем billmark settle",
		batch.Skipped:    ": пропущено по вашему желанию",
	},
}
