package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// The fields of an update, in the order in which they are told.
const (
	bill = iota
	status
	date
	rpo
	fields
)

var fieldNames = [fields]string{"bill_id", "status", "date", "rpo"}

// aliases are headers of real exports, plain as by plain, that mean a field.
// Those that mean something else elsewhere, such as a bare "Order" or "Number",
// are only suggested.
var aliases = [fields][]string{
	bill: {
		"ordernumber", "order#", "orderid", "orderno", "orderno.", "orderreference", "channelreference", "billid", "billnumber",
		"номерзаказа", "№заказа", "заказ№", "идзаказа", "idзаказа", "номерсчета", "номерсчёта", "ordernum",
	},
	status: {"статус", "статусзаказа", "newstatus", "новыйстатус"},
	date: {
		"dateshippeddate", "dateshipdate", "shipmentshipdate", "shippeddate", "shipdate", "dateshipped", "shippedat",
		"despatchdate", "dispatchdate", "fulfilledat", "paidat", "paymentdate", "datepaid", "paiddate",
		"дата", "датаотправки", "датаотправления", "датаоплаты", "датаплатежа",
	},
	rpo: {
		"tracking", "trackingnumber", "tracking#", "trackingno", "trackingno.", "trackingcode", "shipmenttrackingnumber", "tracknumber",
		"barcode", "шпи", "рпо", "трекномер", "трек", "номеротслеживания", "штрихкод", "трекномеротправления",
	},
}

// drawnAliases are the aliases as they are drawn with Latin letters.
var drawnAliases = func() (drawn [fields][]string) {
	for i, list := range aliases {
		for _, a := range list {
			drawn[i] = append(drawn[i], latin(a))
		}
	}
	return drawn
}()

// hints are parts of headers that may be meant.
var hints = [fields][]string{
	bill:   {"order", "bill", "invoice", "заказ", "счет", "счёт", "number", "номер", "id", "№"},
	status: {"status", "state", "статус", "состояние"},
	date:   {"date", "shipped", "paid", "created", "time", "дата", "время"},
	rpo:    {"track", "parcel", "barcode", "waybill", "трек", "накладн", "отправлен", "посылк"},
}

// plain takes from a header what does not matter: case, blanks, dashes,
// underscores, and marks that cannot be seen.
func plain(header string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == '_' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r):
			return -1
		}
		return unicode.ToLower(r)
	}, header)
}

// checkNames refuses a --column or --set that names no field.
func checkNames(m map[string]string, flag string) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(fieldNames[:], name) {
			return &OptionError{
				Message: fmt.Sprintf("%s %s=%s: there is no field of this name", flag, name, m[name]),
				Hint:    "the fields are bill_id, status, date and rpo",
			}
		}
	}
	return nil
}

// readColumns finds the column of each field and of each condition.
func (f *File) readColumns() error {
	for i := range f.columns {
		f.columns[i] = -1
	}
	if err := f.namedColumns(); err != nil {
		return err
	}
	for i, name := range fieldNames {
		_, isSet := f.options.Set[name]
		if isSet || f.columns[i] >= 0 {
			continue
		}
		at, err := f.knownColumn(i)
		if err != nil {
			return err
		}
		f.columns[i] = at
	}
	for _, i := range []int{bill, status} {
		if _, isSet := f.options.Set[fieldNames[i]]; f.columns[i] < 0 && !isSet {
			return f.missing(i)
		}
	}
	return f.readConditions()
}

// namedColumns finds the columns that the user named.
func (f *File) namedColumns() error {
	for i, name := range fieldNames {
		header, ok := f.options.Columns[name]
		if !ok {
			continue
		}
		if _, isSet := f.options.Set[name]; isSet {
			return &OptionError{Message: fmt.Sprintf("both --column and --set are given for %s", name), Hint: "say only one of them"}
		}
		at, err := f.columnNamed(header, fmt.Sprintf("--column %s=%s", name, shellWord(header)))
		if err != nil {
			return err
		}
		if other := slices.Index(f.columns[:], at); other >= 0 {
			return f.refuse("name another column for one of them", "column %q is named for both %s and %s", f.header[at], fieldNames[other], name)
		}
		f.columns[i] = at
	}
	return nil
}

// columnNamed finds a header: as it stands, or else with what does not matter
// left aside.
func (f *File) columnNamed(header, flag string) (int, error) {
	for _, same := range []func(string) bool{
		func(h string) bool { return h == header },
		func(h string) bool { return plain(h) == plain(header) },
	} {
		found := f.find(same)
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return 0, f.refuse("rename one of them in the file", "%s: %d columns have this header", flag, len(found))
		}
	}
	hint := "say one of the headers that the file has"
	if near := nearest(header, f.header); near != "" {
		hint = fmt.Sprintf("is it %q?", near)
	}
	return 0, f.refuse(hint, "%s: there is no such column (%s)", flag, f.headerWords())
}

// find lists the columns whose header is as wanted.
func (f *File) find(wanted func(string) bool) []int {
	var list []int
	for i, h := range f.header {
		if wanted(h) {
			list = append(list, i)
		}
	}
	return list
}

// free lists those among them that hold no field yet.
func (f *File) free(wanted func(string) bool) []int {
	return slices.DeleteFunc(f.find(wanted), func(i int) bool { return slices.Contains(f.columns[:], i) })
}

// knownColumn finds a field's column by its name, or else by an alias; -1 if
// there is none. A header that only looks like one is not passed over: it may
// be the one that is meant.
func (f *File) knownColumn(field int) (int, error) {
	name := fieldNames[field]
	isName := func(h string) bool { return plain(h) == plain(name) }
	isAlias := func(h string) bool { return slices.Contains(aliases[field], plain(h)) }
	exact, known := f.free(isName), f.free(isAlias)
	alike := f.free(func(h string) bool { return !isName(h) && latin(plain(h)) == plain(name) })
	if len(exact) == 0 {
		alike = append(alike, f.free(func(h string) bool { return !isAlias(h) && slices.Contains(drawnAliases[field], latin(plain(h))) })...)
	}
	switch {
	case len(exact) > 1:
		return 0, f.refuse("keep one of them, or rename the others", "the column %s stands there %d times (columns %s)", name, len(exact), places(exact))
	case len(alike) > 0:
		return 0, f.refuse(fmt.Sprintf("say --column %s=%s if that is meant, or rename the column", name, shellWord(f.header[alike[0]])),
			"the header %q looks like one for %s, but some of its letters are of another alphabet", f.header[alike[0]], name)
	case len(exact) == 1:
		return exact[0], nil
	}
	switch len(known) {
	case 0:
		return -1, nil
	case 1:
		return known[0], nil
	}
	var names []string
	for _, i := range known {
		names = append(names, fmt.Sprintf("%q", f.header[i]))
	}
	hint := fmt.Sprintf("say --column %s=%s, or the other", name, shellWord(f.header[known[0]]))
	if f.header[known[0]] == f.header[known[1]] {
		hint = "keep one of them, or rename the others"
	}
	return 0, f.refuse(hint, "more than one column could be %s: %s", name, strings.Join(names, ", "))
}

// missing refuses a file without a needed column, with a suggestion.
func (f *File) missing(field int) *FileError {
	hint := f.chooseColumn(field)
	_, isSet := f.options.Set[fieldNames[status]]
	switch {
	case f.holdsValues():
		hint = "the first line must name the columns, and seems to be a row itself: put a line of names above it"
	case len(f.header) == 1 && strings.ContainsFunc(f.header[0], maySeparate):
		hint = "all names stand in one cell: take the quotes from around the lines, or say the right --delimiter"
	case field == bill && f.suggest(bill) != "" && f.columns[status] < 0 && !isSet:
		hint += "; status has no column either: " + f.chooseColumn(status)
	}
	return f.refuse(hint, "no column for %s (%s)", fieldNames[field], f.headerWords())
}

// chooseColumn says how a field that has no column can be given one.
func (f *File) chooseColumn(field int) string {
	name, near := fieldNames[field], f.suggest(field)
	say := "say --column " + name + "=HEADER"
	if near != "" {
		say = "say --column " + name + "=" + shellWord(near)
	}
	switch {
	case field == bill && near == "":
		return say + "; the first line must name the columns"
	case field == status:
		return say + ", or --set status=sent (or paid, return, cancel) if it is the same for all rows"
	case field == date:
		return say + ", or --set date=DATE if it is the same for all rows"
	}
	return say
}

// holdsValues reports whether the header looks like a row: then no name in it
// may be suggested, for its own row would be lost.
func (f *File) holdsValues() bool {
	return slices.ContainsFunc(f.header, func(h string) bool {
		h = strings.TrimSpace(h)
		_, isDate := cutDate(h)
		return isDate || len(h) >= 5 && strings.Trim(h, "0123456789") == ""
	})
}

// maySeparate reports a sign that is more likely to stand between names than
// inside one.
func maySeparate(r rune) bool {
	return r == '\t' || isDelimiter(r) && !unicode.IsSpace(r) && !strings.ContainsRune("#№()'/&", r)
}

// headerWords lists the headers for a message.
func (f *File) headerWords() string {
	const limit = 20
	if strings.TrimSpace(strings.Join(f.header, "")) == "" {
		return "the header is empty"
	}
	var names []string
	for _, h := range f.header[:min(limit, len(f.header))] {
		names = append(names, cut(h))
	}
	text := "the header has: " + strings.Join(names, ", ")
	if len(f.header) > limit {
		text += fmt.Sprintf(" and %d more", len(f.header)-limit)
	}
	return text
}

func places(columns []int) string {
	var list []string
	for _, i := range columns {
		list = append(list, fmt.Sprint(i+1))
	}
	return strings.Join(list, " and ")
}
