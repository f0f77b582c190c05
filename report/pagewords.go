package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"billmark/batch"
)

// pageWords are the words of the page in one language.
type pageWords struct {
	Lang, Title                                  string
	What, Counts, OverTime, Evidence, Rows       string
	Outcome, Number, Meaning, All                string
	File, Account, Version, API, Digest          string
	Run, Runs, Started, Finished, Requests, End  string
	Line, Message, Code, Attempts, Sent          string
	Failures, Others, Search, Filter, Everything string
	NoRuns, NoRows, Shown                        string
	// Bins takes the width of a bar and the most rows of one.
	Bins string
	// Missing takes how many of how many rows are shown.
	Missing string
	Foot    string
	names   map[batch.Class]string
	todo    map[batch.Class]string

	none, one, full, partly, notDone, inDoubt, leftOut string
	ended, stopped, killed                             string
	second, minute, hour, day                          string
	thousands                                          string
}

func pageWordsIn(lang string) *pageWords {
	if lang == "ru" {
		return &russianPage
	}
	return &englishPage
}

// sentence says in one sentence what happened.
func (w *pageWords) sentence(rows int, counts classCounts) string {
	done, doubt := counts[batch.Confirmed], counts[batch.Unverified]+counts[batch.Unknown]
	switch {
	case rows == 0:
		return w.none
	case done == rows && rows == 1:
		return w.one
	case done == rows:
		return fmt.Sprintf(w.full, w.number(rows))
	}
	s := fmt.Sprintf(w.partly, w.number(done), w.number(rows))
	if not := total(counts) - done - counts[batch.Skipped]; not > 0 {
		s += fmt.Sprintf(w.notDone, w.number(not))
	}
	if doubt > 0 {
		s += fmt.Sprintf(w.inDoubt, w.number(doubt))
	}
	if n := counts[batch.Skipped]; n > 0 {
		s += fmt.Sprintf(w.leftOut, w.number(n))
	}
	return s + "."
}

// number writes a count with its thousands apart.
func (w *pageWords) number(n int) string {
	s := strconv.Itoa(n)
	var b strings.Builder
	for i, digit := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(w.thousands)
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// span writes the width of a bin, which is a whole number of some unit.
func (w *pageWords) span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0:
		return fmt.Sprintf(w.day, d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf(w.hour, d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf(w.minute, d/time.Minute)
	}
	return fmt.Sprintf(w.second, d/time.Second)
}

// tally lists the counts that are not zero.
func (w *pageWords) tally(counts classCounts) string {
	var parts []string
	for _, c := range batch.Classes {
		if n := counts[c]; n > 0 {
			parts = append(parts, w.names[c]+" "+w.number(n))
		}
	}
	return strings.Join(parts, ", ")
}

// end says how a run ended.
func (w *pageWords) end(r batch.Run) string {
	switch {
	case r.Finished.IsZero():
		return w.killed
	case r.Summary.Stopped != "":
		return fmt.Sprintf(w.stopped, Clean(r.Summary.Stopped))
	}
	return w.ended
}

var englishPage = pageWords{
	Lang: "en", Title: "Report on %s",
	What: "What happened", Counts: "Rows by outcome", OverTime: "When the rows were finished", Evidence: "Evidence", Rows: "Rows",
	Outcome: "Outcome", Number: "Rows", Meaning: "What it means, and what to do", All: "All rows",
	File: "Manifest", Account: "Account", Version: "Version", API: "API address", Digest: "SHA-256 of the manifest",
	Run: "Run", Runs: "Runs over this manifest", Started: "Started", Finished: "Finished", Requests: "Requests", End: "How it ended",
	Line: "Line", Message: "What happened", Code: "Code", Attempts: "Attempts", Sent: "Sent",
	Failures: "Not confirmed", Others: "Confirmed and left out", Search: "Search in the rows", Filter: "Outcome", Everything: "all",
	NoRuns: "No run over this manifest yet.", NoRows: "The manifest has no rows.", Shown: "rows shown",
	Bins:    "one bar is %s; the fullest has %s rows",
	Missing: "%s of %s are on this page; the .csv report has them all.",
	Foot:    "Times are in UTC. Long values are cut on this page; the .csv report has them whole.",
	names: map[batch.Class]string{
		batch.Confirmed: "confirmed", batch.Rejected: "rejected", batch.Invalid: "invalid", batch.Unsent: "unsent",
		batch.Unverified: "unverified", batch.Unknown: "unknown", batch.Skipped: "skipped",
	},
	todo: map[batch.Class]string{
		batch.Confirmed:  "The API said yes, and the hash of its reply was right. Nothing is left to do.",
		batch.Rejected:   "The API said no, and nothing was changed. Mend these rows in the failed file and run that file.",
		batch.Invalid:    "Not valid updates; nothing was sent for them. Mend these rows in the failed file and run that file.",
		batch.Unsent:     "These surely had no effect. Give the same command again; a row that needs more than that says so.",
		batch.Unverified: "A reply came that cannot be trusted: the order may or may not have changed. Look at the order, then use billmark settle.",
		batch.Unknown:    "The request was begun and no whole reply came: the order may or may not have changed. Look at the order, then use billmark settle.",
		batch.Skipped:    "Left out, as the command asked.",
	},
	none: "The manifest has no rows.", one: "The only row is confirmed.", full: "All %s rows are confirmed.",
	partly: "Confirmed: %s of %s rows", notDone: "; not confirmed: %s", inDoubt: " (of these, %s may or may not have changed an order)", leftOut: "; left out: %s",
	ended: "to its end", stopped: "stopped: %s", killed: "no end is recorded",
	second: "%d s", minute: "%d min", hour: "%d h", day: "%d d", thousands: ",",
}

var russianPage = pageWords{
	Lang: "ru", Title: "Отчёт: %s",
	What: "Что произошло", Counts: "Строки по исходам", OverTime: "Когда строки завершены", Evidence: "Данные для проверки", Rows: "Строки",
	Outcome: "Исход", Number: "Строк", Meaning: "Что это значит и что делать", All: "Всего строк",
	File: "Файл", Account: "Аккаунт", Version: "Версия", API: "Адрес API", Digest: "SHA-256 файла",
	Run: "Запуск", Runs: "Запуски по этому файлу", Started: "Начат", Finished: "Завершён", Requests: "Запросов", End: "Чем закончился",
	Line: "Строка", Message: "Что произошло", Code: "Код", Attempts: "Попыток", Sent: "Отправлено",
	Failures: "Не подтверждены", Others: "Подтверждены и пропущены", Search: "Поиск по строкам", Filter: "Исход", Everything: "все",
	NoRuns: "Запусков по этому файлу ещё не было.", NoRows: "В файле нет строк.", Shown: "строк показано",
	Bins:    "один столбик: %s; в самом высоком строк: %s",
	Missing: "На этой странице %s из %s; в отчёте .csv есть все.",
	Foot:    "Время указано в UTC. Длинные значения здесь сокращены; в отчёте .csv они целиком.",
	names: map[batch.Class]string{
		batch.Confirmed: "подтверждено", batch.Rejected: "отклонено", batch.Invalid: "ошибка в строке", batch.Unsent: "не отправлено",
		batch.Unverified: "не проверено", batch.Unknown: "неизвестно", batch.Skipped: "пропущено",
	},
	todo: map[batch.Class]string{
		batch.Confirmed:  "API ответил согласием, и хеш ответа верен. Делать ничего не нужно.",
		batch.Rejected:   "API ответил отказом, ничего не изменено. Исправьте эти строки в файле failed и запустите его.",
		batch.Invalid:    "Ошибки в данных; по этим строкам ничего не отправлено. Исправьте их в файле failed и запустите его.",
		batch.Unsent:     "Точно ничего не изменили. Повторите ту же команду; если строке нужно другое, это сказано в ней.",
		batch.Unverified: "Пришёл ответ, которому нельзя доверять: заказ мог измениться, а мог и нет. Проверьте заказ, затем billmark settle.",
		batch.Unknown:    "Запрос начат, полного ответа нет: заказ мог измениться, а мог и нет. Проверьте заказ, затем billmark settle.",
		batch.Skipped:    "Пропущены, как было задано в команде.",
	},
	none: "В файле нет строк.", one: "Единственная строка подтверждена.", full: "Подтверждены все строки: %s.",
	partly: "Подтверждено строк: %s из %s", notDone: "; не подтверждено: %s", inDoubt: " (из них заказ мог измениться, а мог и нет: %s)", leftOut: "; пропущено: %s",
	ended: "дошёл до конца", stopped: "остановлен: %s", killed: "конец не записан",
	second: "%d с", minute: "%d мин", hour: "%d ч", day: "%d дн.", thousands: "\u00a0",
}
