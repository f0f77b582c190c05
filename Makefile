# make demo and make test need only Go, git and make.
RELEASE := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.release=$(RELEASE) -X main.commit=$(COMMIT)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT := mvdan.cc/gofumpt@v0.12.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME ?= 60s
FUZZ ?= ^Fuzz

.PHONY: build demo test check portable lint golden fuzz bench bench-peers profile pace torture audit cross release

build: ## the program, into ./bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/billmark ./cmd/billmark

demo: build ## a rehearsal against a local stand-in for the API
	./bin/billmark demo

# What the compiler knows from cmd/billmark/default.pgo would only slow these down.
test lint portable fuzz: export GOFLAGS := $(strip $(GOFLAGS) -pgo=off)

test: ## all tests; with the race detector where a C compiler allows it
	go vet ./...
	@if [ "$$(go env CGO_ENABLED)" = 1 ] && command -v "$$(go env CC)" >/dev/null; then \
	  echo go test -race ./...; go test -timeout 20m -race ./...; \
	else \
	  echo 'NO C COMPILER: the race detector is left out'; go test -timeout 20m ./...; \
	fi

check: test lint portable ## the tests, and all that can be seen without running

portable: ## that program and tests compile for other systems
	@for t in darwin/arm64 windows/amd64 linux/arm64; do \
	  echo "go vet for $$t"; CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} go vet ./... || exit 1; done

lint: ## formatting, staticcheck, tidy, known vulnerabilities
	@files=$$(go run $(GOFUMPT) -l .); if [ -n "$$files" ]; then echo "gofumpt would change: $$files"; exit 1; fi
	go run $(STATICCHECK) ./...
	go mod tidy -diff
	@if go run $(GOVULNCHECK) ./... > /tmp/billmark-vuln.$$$$ 2>&1; then echo 'govulncheck: nothing known'; \
	elif grep -q 'fetching vulnerabilities' /tmp/billmark-vuln.$$$$; then echo 'govulncheck: its database CANNOT BE REACHED from here; nothing was checked'; \
	else cat /tmp/billmark-vuln.$$$$; rm -f /tmp/billmark-vuln.$$$$; exit 1; fi; rm -f /tmp/billmark-vuln.$$$$

golden: ## write the expected outputs of tests anew
	go test ./batch/manifest ./report ./cmd/billmark -update

fuzz: ## every fuzz target, or those that match FUZZ, for FUZZTIME each
	@for p in $$(go list ./...); do for f in $$(go test -list '$(FUZZ)' $$p | grep '^Fuzz'); do \
	  echo "$$p $$f"; go test -run xxx -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$p || exit 1; done; done

bench: ## the benchmarks of every room
	go test -run xxx -bench . -benchmem ./...

bench-peers: ## what a run costs beside other programs, in turns; takes many minutes (see testdata/bench)
	go run ./testdata/bench $(BENCH)

profile: ## measure anew where whole commands spend their time; the compiler optimizes by it
	go test -pgo=off -count=1 -run xxx -bench '^Benchmark(Check|Run)$$' -benchtime 20x -cpuprofile default.pgo -o bin/profile.test ./cmd/billmark
	go tool pprof -proto default.pgo > cmd/billmark/default.pgo 2>/dev/null && rm default.pgo

pace: ## how exactly the program keeps to its pace, measured where requests arrive; takes many minutes
	BILLMARK_PACE=1 go test -count=1 -timeout 2h -v -run '^Test(Pace|Connections)Measured$$' ./cmd/billmark

torture: ## ten times as much of everything that kills, cuts and fails
	BILLMARK_TORTURE=1 go test -count=1 -timeout 3h -v -run 'Simulation|Damage|Kill|Fail|Model|History|Fate' ./batch/... ./cmd/...

audit: ## 200,000 rows over connections that go wrong, every verdict held against what the server knows; takes minutes
	BILLMARK_AUDIT=1 go test -count=1 -timeout 30m -v -run '^TestAudit$$' ./cmd/billmark

cross: ## the program for every system it is meant for
	@for t in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
	  echo $$t; CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} go build -trimpath -ldflags '$(LDFLAGS)' -o /dev/null ./cmd/billmark || exit 1; done

release: ## archives for every system into ./dist, with checksums and bills of materials
	go run ./.ci/release.go -version '$(RELEASE)' -commit '$(COMMIT)'
