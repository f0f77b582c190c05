package walk

import (
	"fmt"
	"io"
	"os"
)

// bufferSize is what each part of a spool keeps in memory before it writes.
const bufferSize = 4 << 10

// spool holds byte records sorted into parts: each part gives back its records
// in the order in which they were added. Memory is bounded by the number of
// parts; what is over goes to one temporary file.
type spool struct {
	folder string // for the temporary file; "" is the system's
	parts  []part
	file   *os.File
	size   int64
	read   []byte
}

type part struct {
	buffer []byte
	chunks []chunk // of the file
	bytes  int64
}

type chunk struct {
	offset int64
	length int
}

func newSpool(folder string, parts int) *spool {
	return &spool{folder: folder, parts: make([]part, parts)}
}

// add appends a record to a part.
func (s *spool) add(n int, record []byte) error {
	p := &s.parts[n]
	if len(p.buffer)+len(record) > bufferSize && len(p.buffer) > 0 {
		if err := s.spill(p); err != nil {
			return err
		}
	}
	p.buffer = append(p.buffer, record...)
	p.bytes += int64(len(record))
	return nil
}

// spill writes a part's buffer to the file.
func (s *spool) spill(p *part) error {
	if s.file == nil {
		f, err := os.CreateTemp(s.folder, "billmark-*.tmp")
		if err != nil {
			return fmt.Errorf("making a temporary file: %w", err)
		}
		s.file = f
		os.Remove(f.Name()) // where the system lets us, it goes with the process
	}
	if _, err := s.file.WriteAt(p.buffer, s.size); err != nil {
		return fmt.Errorf("writing a temporary file: %w", err)
	}
	p.chunks = append(p.chunks, chunk{s.size, len(p.buffer)})
	s.size += int64(len(p.buffer))
	p.buffer = p.buffer[:0]
	return nil
}

// load gives all records of a part, one after the other. They are valid until
// the next call.
func (s *spool) load(n int) ([]byte, error) {
	p := &s.parts[n]
	if len(p.chunks) == 0 {
		return p.buffer, nil
	}
	if int64(cap(s.read)) < p.bytes {
		s.read = make([]byte, p.bytes)
	}
	s.read = s.read[:p.bytes]
	at := 0
	for _, c := range p.chunks {
		if _, err := s.file.ReadAt(s.read[at:at+c.length], c.offset); err != nil && err != io.EOF {
			return nil, fmt.Errorf("reading a temporary file: %w", err)
		}
		at += c.length
	}
	copy(s.read[at:], p.buffer)
	return s.read, nil
}

// close drops everything.
func (s *spool) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	os.Remove(name)
	s.file = nil
	return err
}
