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

// flush must be called after the last record was added, and before any is read.
func (s *spool) flush() error {
	if s == nil || s.out == nil {
		return nil
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("writing a temporary file: %w", err)
	}
	return nil
}

// load gives all records of a part, one after the other, in room or in a larger
// slice. Several goroutines may do so at once.
func (s *spool) load(n int, room []byte) ([]byte, error) {
	p := &s.parts[n]
	// Parts are of about one size: with some slack, room grows once.
	if size := len(p.pages)*pageSize + len(p.tail); cap(room) < size {
		room = make([]byte, 0, size+size/8)
	}
	room = room[:0]
	for _, page := range p.pages {
		at := len(room)
		room = room[:at+pageSize]
		if _, err := s.file.ReadAt(room[at:], int64(page)*pageSize); err != nil {
			return nil, fmt.Errorf("reading a temporary file: %w", err)
		}
	}
	return append(room, p.tail...), nil
}

// close drops everything.
func (s *spool) close() error {
	if s == nil {
		return nil
	}
	s.parts = nil
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	os.Remove(name)
	s.file, s.out = nil, nil
	return err
}
