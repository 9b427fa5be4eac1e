# What a newcomer types. `make help` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Arguments for the program: make demo ARGS=--fresh
ARGS ?=
# How long each fuzz target runs.
FUZZTIME ?= 30s
# Which benchmarks run.
BENCH ?= .
# How many rounds of each fault, and the seed of the first: another each time.
ROUNDS ?= 5
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
# Packages tested at the same time; each may run a MySQL server or two.
PARALLEL ?= 2
# Tests of a package that run at the same time: most of them wait for servers, for
# leases and for heartbeats, and leave a processor idle.
TESTS ?= 4

# Go stamps the binary with the commit, and refuses to build where git does
# not answer: in an export without .git, or a folder that another user owns.
ifneq (,$(shell git status --porcelain --untracked-files=no >/dev/null 2>&1 || echo no))
export GOFLAGS := $(GOFLAGS) -buildvcs=false
endif

.PHONY: help
help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'

.PHONY: demo
demo: build ## Start everything on this machine and print the page to open
	@bin/telltale demo $(ARGS)

.PHONY: tour
tour: build ## Play the story without a browser, checking and timing each step
	@bin/telltale demo --tour $(ARGS)

.PHONY: test
test: prepare lint ## Run every test, after installing what it needs
	go test -p $(PARALLEL) -parallel $(TESTS) -timeout 20m ./...
	@$(MAKE) --no-print-directory race-light

# The tests that start no MySQL server, Java, browser or binary of ours, again, with the
# race detector. The others take minutes with it; `make race` runs them all.
.PHONY: race-light
race-light:
	@packages=$$(go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... | \
	  awk '!/mysqltest|apachekafkatest|binarytest|browsertest/ && NF > 1 { print $$1 }'); \
	echo "go test -race (packages without heavy servers)"; \
	go test -race -p $(PARALLEL) -timeout 20m $$packages

.PHONY: race
race: prepare ## Run every test with the race detector
	go test -race -p 1 -timeout 60m ./...

.PHONY: lint
lint: prerequisites ## Run go vet, gofumpt and staticcheck
	go vet ./...
	@unformatted=$$(go tool gofumpt -l .); \
	if [[ -n $$unformatted ]]; then \
	  printf 'not formatted (go tool gofumpt -w FILE):\n%s\n' "$$unformatted" >&2; exit 1; \
	fi
	go tool staticcheck ./...

.PHONY: build
build: prerequisites ## Build bin/telltale
	@[[ -e bin/telltale ]] || echo "building bin/telltale; the first time takes a few minutes"
	@go build -o bin/telltale ./cmd/telltale

.PHONY: fuzz
fuzz: prerequisites ## Run each fuzz target for FUZZTIME (30s)
	@grep -rE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]+' . | sed 's/func //' | sort | \
	while IFS=: read -r file target; do \
	  echo "$$target in $$(dirname "$$file"), $(FUZZTIME)"; \
	  go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	done

.PHONY: bench
bench: prepare ## Run the benchmarks that match BENCH (all)
	@grep -rlE --include='*_test.go' '^func Benchmark' . | xargs -r -n 1 dirname | sort -u | \
	xargs -r go test -run '^$$' -bench '$(BENCH)' -benchmem

.PHONY: memory
memory: prepare ## Measure the reader's memory with ten thousand tables and longer backlogs
	go test ./internal/bounds -run '^TestMemory$$' -count 1 -v -timeout 120m -tables 10000 -rows 5000000 -backlog 300000

.PHONY: faults
faults: prepare ## Inject each fault under load, ROUNDS (5) times, and write docs/faults*.md
	go test ./internal/faults -run '^TestFaults$$' -count 1 -v -timeout 300m \
	  -long -broker-pause 2m -rounds $(ROUNDS) -seed $(SEED) -transactions 2500 \
	  -commit "$$(git describe --always --dirty)" -report $(CURDIR)/docs/faults.md
	go test ./binlog -run '^TestSourceFaults$$' -count 1 -v -timeout 240m \
	  -fault-rounds $(ROUNDS) -fault-seed $(SEED) -fault-commit "$$(git describe --always --dirty)" -fault-report $(CURDIR)/docs/faults-source.md

# What a server of that series lacks is left out: CREATE TABLE ... SELECT under
# GTIDs, compressed transactions, tagged GTIDs, foreign keys of the SQL layer and
# the component for keys, which are newer, and TLS 1.2, which this build lacks.
NOT_IN_8_0 := TestAccounts/mysql/(over_TLS|with_a_certificate|without_its_certificate) TestByFile$$ \
  TestCreateTableSelect/mysql TestDDLStorm/mysql TestEncryptedBinlog TestOddGTIDs \
  TestStatementsOfManyRows/mysql TestStatementsThatServersLog/mysql \
  TestStops/mysql/a_table_that_a_statement_fills TestUnloggedChangesAreRefused TestWhatIsNotPublished/mysql
.PHONY: versions
versions: prepare ## Test the reader on MySQL 8.0 and MariaDB 11.8
	@scripts/fetch-mysql80.sh .tools/mysql-8.0
	@MARIADB_SERIES=11.8 scripts/fetch-mariadb.sh .tools/mariadb-11.8
	TELLTALE_MYSQLD=$(CURDIR)/.tools/mysql-8.0/bin/mysqld TELLTALE_MARIADBD=$(CURDIR)/.tools/mariadb-11.8/bin/mariadbd \
	  go test ./binlog -count 1 -parallel $(TESTS) -timeout 60m -skip "$$(tr ' ' '|' <<<'$(NOT_IN_8_0)')"

.PHONY: pictures
pictures: prepare ## Take the README's pictures of the demo's page again
	go test ./internal/demo -run '^TestBrowser$$' -count 1 -screenshots $(CURDIR)/docs

.PHONY: clean
clean: ## Remove what was built and fetched; the demo's data in .telltale stays
	rm -rf bin .tools

.PHONY: prerequisites
prerequisites:
	@scripts/prerequisites.sh

# What the tests need besides: a MySQL and a MariaDB server, unless they are
# installed, Apache Kafka, Kafka Connect with Debezium, and a server that speaks S3.
.PHONY: prepare
prepare:
	@scripts/prerequisites.sh --install
	@[[ -n $${TELLTALE_MYSQLD:-} ]] || command -v mysqld /usr/sbin/mysqld >/dev/null || scripts/fetch-mysql.sh .tools/mysql
	@[[ -n $${TELLTALE_MARIADBD:-} ]] || command -v mariadbd /usr/sbin/mariadbd >/dev/null || scripts/fetch-mariadb.sh .tools/mariadb
	@scripts/fetch-kafka.sh .tools/kafka
	@scripts/fetch-connect.sh .tools/connect
	@scripts/fetch-s3.sh .tools/s3
