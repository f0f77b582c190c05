package walk

import (
	"bufio"
	"fmt"
	"os"
)

// pageSize is how much of a part is kept in memory before it is written.
const pageSize = 2 << 10

// writeSize is how many bytes are written at once.
const writeSize = 16 << 10

// spool holds byte records sorted into parts: each part gives back its records
// in the order in which they were added. Memory is bounded by the number of
// parts; what is over goes to one temporary file, page by page.
type spool struct {
	folder string // for the temporary file; "" is the system's
	parts  []part
	file   *os.File
	out    *bufio.Writer // to file
	pages  uint32        // in the file
	read   []byte
}

type part struct {
	pages []uint32 // of the file
	tail  []byte   // what fills no page
}

func newSpool(folder string, parts int) *spool {
	return &spool{folder: folder, parts: make([]part, parts)}
}

// add appends a record to a part.
func (s *spool) add(n int, record []byte) error {
	p := &s.parts[n]
	if p.tail == nil {
		p.tail = make([]byte, 0, pageSize)
	}
	for len(p.tail)+len(record) >= pageSize {
		rest := pageSize - len(p.tail)
		p.tail = append(p.tail, record[:rest]...)
		record = record[rest:]
		if err := s.spill(p); err != nil {
			return err
		}
	}
	p.tail = append(p.tail, record...)
	return nil
}

// spill writes a part's tail, which fills a page.
func (s *spool) spill(p *part) error {
	if s.file == nil {
		f, err := os.CreateTemp(s.folder, "billmark-*.tmp")
		if err != nil {
			return fmt.Errorf("making a temporary file: %w", err)
		}
		s.file, s.out = f, bufio.NewWriterSize(f, writeSize)
		os.Remove(f.Name()) // where the system lets us, it goes with the process
	}
	if _, err := s.out.Write(p.tail); err != nil {
		return fmt.Errorf("writing a temporary file: %w", err)
	}
	p.pages = append(p.pages, s.pages)
	s.pages++
	p.tail = p.tail[:0]
	return nil
}

// load gives all records of a part, one after the other. They are valid until
// the next call.
func (s *spool) load(n int) ([]byte, error) {
	p := &s.parts[n]
	if len(p.pages) == 0 {
		return p.tail, nil
	}
	if err := s.out.Flush(); err != nil {
		return nil, fmt.Errorf("writing a temporary file: %w", err)
	}
	if size := len(p.pages)*pageSize + len(p.tail); cap(s.read) < size {
		s.read = make([]byte, 0, size)
	}
	s.read = s.read[:0]
	for _, page := range p.pages {
		at := len(s.read)
		s.read = s.read[:at+pageSize]
		if _, err := s.file.ReadAt(s.read[at:], int64(page)*pageSize); err != nil {
			return nil, fmt.Errorf("reading a temporary file: %w", err)
		}
	}
	s.read = append(s.read, p.tail...)
	return s.read, nil
}

// close drops everything.
func (s *spool) close() error {
	if s == nil {
		return nil
	}
	s.parts, s.read = nil, nil
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	os.Remove(name)
	s.file, s.out = nil, nil
	return err
}
