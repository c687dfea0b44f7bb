# Mercer, one word at a time. `make` alone explains the words.
#
#   PROFILE=release   builds with optimisation: slower to build, faster to run
#   ARGS='…'          is passed on to the program, to the tests, or to the bench of HTTP

PROFILE ?= dev
ARGS ?=

# `run` and `worker` become the program (exec): Ctrl-C and SIGTERM reach it directly.
MERCER = cargo run --profile $(PROFILE) --
SERVE = exec cargo run --profile $(PROFILE) --

.DEFAULT_GOAL := help
.PHONY: help setup run worker seed migrate schema openapi test check fmt lint deny advisories contract fuzz bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install what is missing to run and to test
	@scripts/setup.sh test

run: ## serve the demo shop, its worker and its own database on http://127.0.0.1:8000
	@scripts/setup.sh run
	@$(SERVE) serve --demo $(ARGS)

worker: ## work on background jobs only, beside a running shop
	@scripts/setup.sh run
	@$(SERVE) worker $(ARGS)

seed: ## fill an empty database with the demo shop
	@scripts/setup.sh run
	@$(MERCER) seed $(ARGS)

migrate: ## bring the database's schema up to date
	@scripts/setup.sh run
	@$(MERCER) migrate $(ARGS)

# Written beside its place and then moved: half a schema would not even compile again.
# Diesel's own program prints it; a test compares the file with the database.
schema: ## print the migrated schema into src/schema.rs
	@scripts/setup.sh run
	@command -v diesel >/dev/null || cargo install diesel_cli --locked --no-default-features --features postgres
	@$(MERCER) schema > src/schema.rs.new || { rm -f src/schema.rs.new; exit 1; }
	@mv src/schema.rs.new src/schema.rs

openapi: ## write openapi/openapi.json
	@scripts/setup.sh run
	@$(MERCER) openapi --out openapi/openapi.json

# Known holes are told, but fail nothing: what is found tomorrow is no fault of today's change.
test: ## set up, then check
	@scripts/setup.sh test
	-@$(MAKE) --no-print-directory advisories
	@$(MAKE) --no-print-directory check

# What is quick comes first, and what asks a running shop last.
check: ## the whole gate: format, lints, documentation, dependencies, contract, tests, fuzzing
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --quiet
	@$(MAKE) --no-print-directory deny contract
	cargo test $(ARGS)
	@$(MAKE) --no-print-directory fuzz

fmt: ## format the code
	cargo fmt

lint: ## what clippy says
	cargo clippy --all-targets -- -D warnings

deny: ## hold the dependencies to deny.toml: licences, sources, bans
	cargo deny check bans licenses sources

# Not among the checks, which need no network.
advisories: ## look the dependencies up among known holes
	@if cargo deny --log-level off fetch db; then cargo deny check --disable-fetch advisories; else \
		echo 'advisories: NOT LOOKED UP, for the database cannot be had; the floors in deny.toml hold' >&2; fi

contract: ## is openapi/openapi.json a valid document of OpenAPI 3.1?
	.venv/bin/openapi-spec-validator --schema 3.1 --validation-errors all openapi/openapi.json

fuzz: ## ask a demo shop what the contract allows and what it does not (FUZZ_SECONDS, FUZZ_SEED)
	tests/openapi/fuzz.sh

bench: ## measure what the performance claims rest on
	@scripts/setup.sh bench
	cargo bench --bench import
	cargo bench --bench http $(if $(ARGS),-- $(ARGS))
