package manifest

import (
	"fmt"
	"strings"
)

// constant is what --set gives a field in every row.
type constant struct {
	isSet bool
	text  string
	// Of a date: what it means, and why that may be wrong.
	seconds int64
	doubt   string
}

// readConstants reads the values of --set.
func (f *File) readConstants() error {
	for i, name := range fieldNames {
		value, ok := f.options.Set[name]
		if !ok {
			continue
		}
		c, err := f.readConstant(i, value)
		if err != nil {
			return &OptionError{Message: fmt.Sprintf("--set %s=%s: %v", name, value, err), Hint: "give a value that every row can have"}
		}
		f.constants[i] = c
	}
	return nil
}

func (f *File) readConstant(field int, value string) (constant, error) {
	c := constant{isSet: true, text: strings.TrimSpace(value)}
	var err error
	switch field {
	case bill:
		_, err = parseBill(c.text)
	case status:
		_, err = f.words.parse(c.text)
	case date:
		c.seconds, c.doubt, err = f.dates.parseAlone(c.text)
	case rpo:
		err = checkRPO(c.text)
	}
	return c, err
}
