# Tenon: `make run` builds and opens it with a sample company, `make test` runs everything that is tested.

TENON := target/quick/tenon
BUILT := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug/tenon
PORT ?= 7070
DATA ?= .tenon

.PHONY: help run web build built test test-rust test-web test-e2e test-peers tools bench fmt release clean fuzz

help: ## What can be made
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## Build Tenon, make a sample company the first time, and open it on http://localhost:7070
	@test -e $(DATA)/tenon.db || $(TENON) sample --import --data $(DATA)
	$(TENON) serve --port $(PORT) --data $(DATA) --open

build: web ## Build the server, optimised but without link-time optimisation
	cargo build --profile quick --locked -p tenon

web: web/dist/main.js ## Bundle scripts and styles

web/dist/main.js: web/node_modules $(shell find web/src -type f) web/package.json
	cd web && npm run --silent build

web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --silent
	@touch web/node_modules

tools: ## Install what the tests need: Chromium, PostgreSQL and Dovecot
	@sh tools/install.sh

test: tools web test-rust test-web test-e2e ## Run all tests

test-rust: web
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace

test-web: web
	cd web && npm run --silent check

e2e/node_modules: e2e/package-lock.json
	cd e2e && npm ci --no-audit --no-fund --silent
	@touch e2e/node_modules

# What the Rust tests have built is what the browser meets: a second build would take longer than all journeys.
built: web
	cargo build --locked -p tenon

test-e2e: built e2e/node_modules ## Journeys in a real browser
	cd e2e && TENON=$(BUILT) node --test --test-concurrency=1 --test-reporter=spec journeys/*.test.mjs

test-peers: built e2e/node_modules ## Connectors against real servers, installed into target/peers
	@sh tools/install.sh peers
	TENON=$(BUILT) sh tools/peers.sh

fuzz: ## Fuzz every reader; see docs/fuzzing.md
	@fuzz/run.sh

bench: ## Time Tenon beside its peers; see docs/benchmarks.md
	cargo run --release --manifest-path bench/Cargo.toml

fmt: ## Format
	cargo fmt

release: web ## The binary to install
	cargo build --release --locked -p tenon

clean: ## Remove what was built
	rm -rf target web/dist web/node_modules e2e/node_modules e2e/shots
