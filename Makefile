# Everything that is done often, by name. `make help` explains.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOL     = CGO_ENABLED=0 $(GO) tool -modfile=tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help run build test check format eval bench clean

help: ## say what each of these does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, then talk to the bot in the terminal; nothing else is needed
	@bin/bot chat

build: ## write the one binary to bin/bot
	@tools/prerequisites ca-certificates
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/bot ./cmd/bot

test: ## run every test with the race detector; installs redis-server, git and gcc where missing
	@tools/prerequisites ca-certificates git gcc redis-server
	CGO_ENABLED=1 $(GO) test -race -timeout 15m ./...

check: build ## what a reviewer would say: format, lint, vet, go.mod, playbooks
	$(TOOL) golangci-lint fmt --diff ./...
	$(TOOL) golangci-lint run ./...
	$(GO) vet ./...
	$(GO) mod tidy -diff
	bin/bot playbooks lint
	bin/bot playbooks test

format: ## rewrite the Go files as make check wants them
	$(TOOL) golangci-lint fmt ./...

eval: build ## measure search, answers and matching; DATA=DIR adds the questions and messages in DIR
	CGO_ENABLED=0 $(GO) run ./internal/eval/cmd/eval $(if $(DATA),-data '$(abspath $(DATA))')
ifneq ($(DATA),)
	cd bench/peers && CGO_ENABLED=0 $(GO) run . -data '$(abspath $(DATA))'
	@for train in '$(abspath $(DATA))'/intents/*/train.jsonl; do \
		for test in "$${train%train.jsonl}"valid.jsonl "$${train%train.jsonl}"test.jsonl; do \
			[ -e "$$test" ] || continue; \
			echo; echo "## messages: $$(basename "$$(dirname "$$test")")"; \
			bin/bot intents eval --train "$$train" --test "$$test" || exit 1; \
		done; \
	done
endif

bench: ## run the benchmarks; keep the output and compare two with benchstat
	CGO_ENABLED=0 $(GO) test -run '^$$' -bench . -benchmem ./...

clean: ## remove what was built; what the bot has stored stays
	rm -rf bin
