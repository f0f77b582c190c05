//go:build ignore

// Release builds the program for every system it is meant for, and packs each
// with its manual pages, completions and bill of materials into an archive in
// the folder dist, with checksums. The same commit and Go make the same bytes.
//
//	go run ./.ci/release.go -version v1.2.3
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

var targets = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// file is what goes into an archive.
type file struct {
	name string
	mode int64
	text []byte
}

// release is one call of this program.
type release struct {
	commit                string
	version, out, scratch string
	when                  time.Time
	common                []file // in every archive
	sums                  []string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("release: ")
	version := flag.String("version", "dev", "the version to be stamped in")
	commit := flag.String("commit", "", "the commit to be stamped in")
	out := flag.String("out", "dist", "the folder for the archives; what is in it goes away")
	only := flag.String("only", "", "targets like linux/amd64,windows/arm64; empty for all")
	flag.Parse()
	if *only != "" {
		targets = strings.Split(*only, ",")
	}
	scratch, err := os.MkdirTemp("", "billmark-release-*")
	if err != nil {
		log.Fatal(err)
	}
	r := &release{version: *version, commit: *commit, out: *out, scratch: scratch, when: commitTime()}
	err = r.make()
	os.RemoveAll(scratch)
	if err != nil {
		log.Fatal(err)
	}
}

// commitTime is the time that all files in archives bear.
func commitTime() time.Time {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, _ := exec.Command("git", "log", "-1", "--format=%ct").Output()
		text = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		seconds = 946684800 // archives know no time before 1980
	}
	return time.Unix(seconds, 0).UTC()
}

func (r *release) make() error {
	if err := r.docs(); err != nil {
		return err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o777); err != nil {
		return err
	}
	for _, target := range targets {
		system, machine, _ := strings.Cut(target, "/")
		if err := r.pack(system, machine); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	slices.Sort(r.sums)
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(strings.Join(r.sums, "")), 0o666)
}

// docs collects what is the same for every system. The program tells it.
func (r *release) docs() error {
	host, err := r.build(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return err
	}
	pages := filepath.Join(r.scratch, "man")
	if out, err := exec.Command(host, "man", pages).CombinedOutput(); err != nil {
		return fmt.Errorf("manual pages: %w: %s", err, out)
	}
	entries, err := os.ReadDir(pages)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := r.add("man/"+e.Name(), filepath.Join(pages, e.Name())); err != nil {
			return err
		}
	}
	for shell, name := range map[string]string{"bash": "billmark.bash", "zsh": "_billmark", "fish": "billmark.fish", "powershell": "billmark.ps1"} {
		text, err := exec.Command(host, "completion", shell).Output()
		if err != nil {
			return fmt.Errorf("completion for %s: %w", shell, err)
		}
		r.common = append(r.common, file{"completions/" + name, 0o644, text})
	}
	for _, name := range []string{"README.md", "LICENSE", "CHANGELOG.md"} {
		if err := r.add(name, name); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	slices.SortFunc(r.common, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return nil
}

func (r *release) add(name, path string) error {
	text, err := os.ReadFile(path)
	if err == nil {
		r.common = append(r.common, file{name, 0o644, text})
	}
	return err
}

// build compiles the program and gives the path of what came out.
func (r *release) build(system, machine string) (string, error) {
	path := filepath.Join(r.scratch, system+"-"+machine, "billmark")
	if system == "windows" {
		path += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.release="+r.version+" -X main.commit="+r.commit, "-o", path, "./cmd/billmark")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+machine)
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
}

// pack makes the archive of one system, and its bill of materials beside it.
func (r *release) pack(system, machine string) error {
	path, err := r.build(system, machine)
	if err != nil {
		return err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	bom, err := bill(path, program, r.version)
	if err != nil {
		return err
	}
	stem := fmt.Sprintf("billmark_%s_%s_%s", strings.TrimPrefix(r.version, "v"), system, machine)
	files := append([]file{{filepath.Base(path), 0o755, program}, {"sbom.cdx.json", 0o644, bom}}, r.common...)
	name, archive := stem+".tar.gz", []byte(nil)
	if system == "windows" {
		name = stem + ".zip"
		archive, err = r.zip(stem, files)
	} else {
		archive, err = r.tar(stem, files)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s  %.1f MB\n", name, float64(len(archive))/1e6)
	if err := r.write(stem+".cdx.json", bom); err != nil {
		return err
	}
	return r.write(name, archive)
}

// write puts a file into the folder and notes its checksum.
func (r *release) write(name string, text []byte) error {
	r.sums = append(r.sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(text), name))
	return os.WriteFile(filepath.Join(r.out, name), text, 0o666)
}

func (r *release) tar(stem string, files []file) ([]byte, error) {
	var b bytes.Buffer
	g, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(g)
	for _, f := range files {
		h := &tar.Header{Name: stem + "/" + f.name, Mode: f.mode, Size: int64(len(f.text)), ModTime: r.when, Typeflag: tar.TypeReg}
		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(t.Close(), g.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), readTar(b.Bytes(), len(files))
}

// readTar fails unless the archive can be read to its end.
func readTar(archive []byte, want int) error {
	g, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	t := tar.NewReader(g)
	for n := 0; ; n++ {
		_, err := t.Next()
		if err == io.EOF && n == want {
			_, err = io.Copy(io.Discard, g)
			return err
		}
		if err != nil {
			return fmt.Errorf("reading the archive again, after %d of %d files: %w", n, want, err)
		}
	}
}

func (r *release) zip(stem string, files []file) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: stem + "/" + f.name, Method: zip.Deflate, Modified: r.when}
		h.SetMode(os.FileMode(f.mode))
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	back, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err == nil && len(back.File) != len(files) {
		err = fmt.Errorf("reading the archive again: %d of %d files", len(back.File), len(files))
	}
	return b.Bytes(), err
}

// component is a part of a program, by CycloneDX.
type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type depends struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}

// bill is what a program is made of, as it tells itself, in CycloneDX 1.5.
func bill(path string, program []byte, version string) ([]byte, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(program)
	part := func(kind, name, version string) component {
		purl := "pkg:golang/" + name + "@" + version
		return component{Type: kind, Ref: purl, Name: name, Version: version, PURL: purl}
	}
	whole := part("application", "billmark", version)
	whole.Hashes = []hash{{"SHA-256", fmt.Sprintf("%x", sum)}}
	parts := []component{part("library", "std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, part("library", m.Path, m.Version))
	}
	uses := depends{Ref: whole.Ref}
	for _, p := range parts {
		uses.On = append(uses.On, p.Ref)
	}
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // as a UUID of one's own making is marked
	text, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"serialNumber": fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
		"metadata":     map[string]any{"component": whole},
		"components":   parts,
		"dependencies": []depends{uses},
	}, "", "  ")
	return append(text, '\n'), err
}
