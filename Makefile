# make help lists the targets.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --verify --quiet HEAD 2>/dev/null)
DATE    ?= $(shell git log -1 --format=%cI 2>/dev/null)
IMAGE   ?= ghcr.io/trackerbell/trackerbell
DOCKER  ?= docker
FUZZTIME ?= 10s

.DEFAULT_GOAL := build
.PHONY: help build test race lint fuzz e2e interop chaos bench gobench chart docs image ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/trackerbell
	CGO_ENABLED=0 go build -trimpath -o bin/trackerbell ./cmd/trackerbell

test: ## the tests of every package
	go test ./...

race: ## the same under the race detector
	go test -race ./...

lint: ## golangci-lint at the pinned version
	$$(.ci/tool golangci-lint) run

fuzz: ## every fuzz target for FUZZTIME (10s)
	.ci/fuzz $(FUZZTIME)

e2e: ## the end-to-end tests in their long form
	TRACKERBELL_LONG=1 go test ./cmd/trackerbell -run '^TestEndToEnd' -count=1 -timeout 20m -v

interop: ## vendors' npm packages sign for a running service and verify what send signs
	.ci/interop

chaos: ## hurt the program and all around it, hundreds of times; prints a table, fails on any loss
	TRACKERBELL_LONG=1 go test ./cmd/trackerbell -run '$(or $(ONLY),^Test(Chaos|Kill|Hostile|AnOutage))' -count=1 -timeout 40m -v

bench: build ## the program beside bare references (docs/performance.md); ONLY=ingest,pipeline for some parts
	go run ./internal/bench $(if $(ONLY),-only $(ONLY),-plot docs/img/performance.svg) $(BENCHFLAGS)

gobench: ## every Go benchmark
	go test -run '^$$' -bench . -benchmem ./...

chart: ## lint and render the chart with every set of values in its ci/ folder
	.ci/chart

docs: ## write what is generated: docs/configuration.md and the README.md of the chart
	go test ./config -run 'Reference|SchemaOfTheChart' -update
	$$(.ci/tool helm-docs) --chart-search-root helm

image: ## the container image for this machine's platform
	$(DOCKER) build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) --build-arg DATE=$(DATE) -t $(IMAGE):$(VERSION) .

ci: ## what CI runs
	.ci/run
