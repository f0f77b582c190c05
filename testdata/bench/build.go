package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The peers that Go builds, at pinned versions. They are built in places of
// their own and are no part of this module.
const (
	heyVersion     = "github.com/rakyll/hey@v0.1.4"
	vegetaVersion  = "github.com/tsenart/vegeta/v12@v12.12.0"
	benthosVersion = "v4.76.0"
)

// benthosMain is all that Redpanda Connect's engine needs for the job.
const benthosMain = `package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func main() { service.RunCLI(context.Background()) }
`

// build makes billmark and whatever peers can be had, and says which cannot.
func (l *lab) build(parts []string) error {
	l.tools = map[string]string{"billmark": l.binary}
	if l.binary == "" {
		path := l.bin("billmark")
		if err := command("", []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/billmark"); err != nil {
			return err
		}
		l.tools["billmark"] = path
	}
	if path, err := exec.LookPath("mlr"); err == nil {
		l.tools["mlr"] = path
	} else if slices.Contains(parts, "check") {
		fmt.Fprintf(os.Stderr, "bench: without mlr: %v\n", err)
	}
	if !slices.Contains(parts, "peers") {
		return nil
	}
	only := strings.Split(l.only, ",")
	for name, get := range map[string]func() (string, error){
		"hey":        func() (string, error) { return l.install("hey", heyVersion) },
		"vegeta":     func() (string, error) { return l.install("vegeta", vegetaVersion) },
		"benthos":    l.benthos,
		"wrk":        func() (string, error) { return exec.LookPath("wrk") },
		"curl_multi": l.php,
	} {
		if l.only != "" && !slices.Contains(only, name) {
			continue
		}
		path, err := get()
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: without %s: %v\n", name, err)
			continue
		}
		l.tools[name] = path
	}
	l.tools["php"] = l.tools["curl_multi"]
	return nil
}

func (l *lab) bin(name string) string { return filepath.Join(l.dir, "bin", name) }

// install builds a command at a version, unless that was done before.
func (l *lab) install(name, version string) (string, error) {
	if _, err := os.Stat(l.bin(name)); err == nil {
		return l.bin(name), nil
	}
	return l.bin(name), command("", []string{"GOBIN=" + l.bin(""), "GOFLAGS="}, "go", "install", version)
}

// benthos builds the engine in a module of its own.
func (l *lab) benthos() (string, error) {
	path := l.bin("benthos")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	dir := filepath.Join(l.dir, "benthos")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	module := "module benthos\n\ngo 1.26.0\n\nrequire github.com/redpanda-data/benthos/v4 " + benthosVersion + "\n"
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(benthosMain), 0o644),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o644))
	if err != nil {
		return "", err
	}
	return path, command(dir, []string{"GOFLAGS=-mod=mod"}, "go", "build", "-o", path, ".")
}

// php is the interpreter, if it has curl.
func (l *lab) php() (string, error) {
	path, err := exec.LookPath("php")
	if err != nil {
		return "", err
	}
	out, err := exec.Command(path, "-m").Output()
	if err != nil || !strings.Contains(string(out), "\ncurl\n") {
		return "", errors.New("this php has no curl (package php-curl)")
	}
	return path, nil
}

// command runs a builder.
func command(dir string, env []string, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
