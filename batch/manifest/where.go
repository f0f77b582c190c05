package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// condition is a Condition whose column is found.
type condition struct {
	at     int
	values []string
}

// readConditions finds the columns of --where. Several values for one header
// are alternatives.
func (f *File) readConditions() error {
	for _, c := range f.options.Where {
		at, err := f.columnNamed(c.Header, fmt.Sprintf("--where %s=%s", shellWord(c.Header), shellWord(c.Value)))
		if err != nil {
			return err
		}
		i := slices.IndexFunc(f.where, func(w condition) bool { return w.at == at })
		if i < 0 {
			i = len(f.where)
			f.where = append(f.where, condition{at: at})
		}
		f.where[i].values = append(f.where[i].values, strings.TrimSpace(c.Value))
	}
	return nil
}

// meets reports whether a row's cells meet all conditions.
func (f *File) meets(cells []string) bool {
	for _, w := range f.where {
		if w.at >= len(cells) || !slices.Contains(w.values, strings.TrimSpace(cells[w.at])) {
			return false
		}
	}
	return true
}
