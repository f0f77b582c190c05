package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"billmark/cmd/billmark/web"
)

// store keeps uploads beside the journal: a folder for each, readable by its
// owner only, with the file as it came and a note of what is known of it.
type store struct {
	folder string
	lock   *flock.Flock
}

// note is what is kept of an upload.
type note struct {
	Name     string      `json:"name"`
	Size     int64       `json:"size"`
	Added    time.Time   `json:"added"`
	Choices  web.Choices `json:"choices"`
	Run      int64       `json:"run,omitempty"`
	Begun    time.Time   `json:"begun,omitzero"`
	Finished time.Time   `json:"finished,omitzero"`
	Stopped  string      `json:"stopped,omitempty"`
	// Settled says that the last run left no row that is unknown or
	// unverified: the file may go away.
	Settled bool `json:"settled,omitempty"`
}

// The names within an upload's folder.
const (
	uploadFolder = "file" // holds the file, under its own name
	uploadNote   = "note.json"
)

var uploadID = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[a-z2-7]{8}$`)

// openStore makes the folder if need be.
func openStore(journal string) (*store, error) {
	s := &store{folder: journal + ".uploads"}
	s.lock = flock.New(filepath.Join(s.folder, "serve.lock"), flock.SetPermissions(0o600))
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for uploads: %w", err)
	}
	return s, nil
}

// take makes the uploads this process's; false means that another has them.
func (s *store) take() (bool, error) {
	ok, err := s.lock.TryLock()
	if err != nil {
		return false, fmt.Errorf("taking %s: %w", s.folder, err)
	}
	if !ok {
		return false, nil
	}
	return true, s.sweep()
}

func (s *store) path(id, name string) string { return filepath.Join(s.folder, id, name) }

// file is where an upload lies. Its name tells what it says it is.
func (s *store) file(id string, n *note) string {
	return filepath.Join(s.folder, id, uploadFolder, filepath.Base(n.Name))
}

// add keeps a file. It is there whole or not at all: what a killed upload
// leaves has no note, and is swept.
func (s *store) add(name string, body io.Reader) (id string, err error) {
	id = time.Now().UTC().Format("20060102-150405-") + strings.ToLower(rand.Text()[:8])
	if err := os.Mkdir(filepath.Join(s.folder, id), 0o700); err != nil {
		return "", fmt.Errorf("keeping %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(filepath.Join(s.folder, id))
		}
	}()
	if err := os.Mkdir(s.path(id, uploadFolder), 0o700); err != nil {
		return "", fmt.Errorf("keeping %s: %w", name, err)
	}
	f, err := os.OpenFile(s.file(id, &note{Name: name}), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("keeping %s: %w", name, err)
	}
	size, err := io.Copy(f, body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("keeping %s: %w", name, err)
	}
	return id, s.write(id, &note{Name: name, Size: size, Added: time.Now()})
}

// write replaces an upload's note, whole or not at all.
func (s *store) write(id string, n *note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(s.folder, id), "note-*") // mode 0600
	if err != nil {
		return fmt.Errorf("noting what is known of %s: %w", n.Name, err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(id, uploadNote))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("noting what is known of %s: %w", n.Name, err)
	}
	return nil
}

// note reads an upload's note.
func (s *store) note(id string) (*note, error) {
	gone := &web.Trouble{Message: "this file is not here any more", Hint: "it was removed, or belongs to another account", Status: 404}
	if !uploadID.MatchString(id) {
		return nil, gone
	}
	text, err := os.ReadFile(s.path(id, uploadNote))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	n := &note{}
	if err := json.Unmarshal(text, n); err != nil {
		return nil, fmt.Errorf("reading what is known of upload %s: %w", id, err)
	}
	return n, nil
}

// list gives all uploads, newest first.
func (s *store) list() ([]web.Upload, error) {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, fmt.Errorf("listing uploads: %w", err)
	}
	var list []web.Upload
	for _, e := range slices.Backward(entries) {
		if n, err := s.note(e.Name()); err == nil {
			list = append(list, n.upload(e.Name()))
		}
	}
	return list, nil
}

// upload is a note as the page shows it, of a run that is not in work.
func (n *note) upload(id string) web.Upload {
	u := web.Upload{
		ID: id, Name: n.Name, Size: n.Size, Added: n.Added, Choices: n.Choices,
		State: web.Fresh, Run: n.Run, Finished: n.Finished, Stopped: n.Stopped,
	}
	switch {
	case n.Run == 0:
	case n.Finished.IsZero():
		u.State = web.Cut
	default:
		u.State = web.Ended
	}
	return u
}

func (s *store) remove(id string) error { return os.RemoveAll(filepath.Join(s.folder, id)) }

// keptFor is how long a settled upload is kept for its report.
const keptFor = 30 * 24 * time.Hour

// sweep throws away what nobody needs: settled files after a while, and what
// is left of uploads that were cut off.
func (s *store) sweep() error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return fmt.Errorf("listing uploads: %w", err)
	}
	for _, e := range entries {
		if !uploadID.MatchString(e.Name()) {
			continue
		}
		n, err := s.note(e.Name())
		var gone *web.Trouble
		if errors.As(err, &gone) || err == nil && n.Settled && time.Since(n.Finished) > keptFor {
			if err := s.remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}
