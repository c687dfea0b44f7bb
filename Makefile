# Development commands of Mercer. `make` without a target lists them.
#
#   PROFILE=release   builds with optimization: slower to build, faster to run
#   ARGS='…'          arguments for the mercer command, the tests or the HTTP benchmark

PROFILE ?= dev
ARGS ?=

# `run` and `worker` replace the shell (exec), so that Ctrl-C and SIGTERM reach the process directly.
MERCER = cargo run --profile $(PROFILE) --
SERVE = exec cargo run --profile $(PROFILE) --

.DEFAULT_GOAL := help
.PHONY: help setup run worker seed migrate schema openapi test check fmt lint deny advisories contract clients fuzz bench

help: ## list all targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install missing tools for running and testing
	@scripts/setup.sh test

run: ## run the demo shop with a worker and an embedded database on http://127.0.0.1:8000
	@scripts/setup.sh run
	@$(SERVE) serve --demo $(ARGS)

worker: ## run only background jobs, in addition to a running server
	@scripts/setup.sh run
	@$(SERVE) worker $(ARGS)

seed: ## fill an empty database with the demo shop
	@scripts/setup.sh run
	@$(MERCER) seed $(ARGS)

migrate: ## apply pending migrations
	@scripts/setup.sh run
	@$(MERCER) migrate $(ARGS)

# The target writes a temporary file first: a partial src/schema.rs would not compile, so the command could not run
# again. The diesel command prints the schema; a test compares the file with the database.
schema: ## update src/schema.rs from the migrations
	@scripts/setup.sh run
	@command -v diesel >/dev/null || cargo install diesel_cli --locked --no-default-features --features postgres
	@$(MERCER) schema > src/schema.rs.new || { rm -f src/schema.rs.new; exit 1; }
	@mv src/schema.rs.new src/schema.rs

openapi: ## update openapi/openapi.json
	@scripts/setup.sh run
	@$(MERCER) openapi --out openapi/openapi.json

# Advisories are reported but do not fail the target: a new advisory is not caused by the current change.
test: ## install missing tools, report advisories, then run all checks
	@scripts/setup.sh test
	-@$(MAKE) --no-print-directory advisories
	@$(MAKE) --no-print-directory check

# Fast checks run first; the fuzz test, which needs a running server, runs last.
check: ## run all checks: format, lints, documentation, dependencies, contract, tests, fuzz test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet
	@$(MAKE) --no-print-directory deny contract
	cargo test --workspace $(ARGS)
	@$(MAKE) --no-print-directory clients fuzz

fmt: ## format the code
	cargo fmt --all

lint: ## run clippy
	cargo clippy --workspace --all-targets -- -D warnings

deny: ## check the dependencies against deny.toml: licenses, sources, bans
	cargo deny check bans licenses sources

# Not part of `check`, because it needs the network.
advisories: ## check the dependencies for known vulnerabilities
	@if cargo deny --log-level off fetch db; then cargo deny check --disable-fetch advisories; else \
		echo 'advisories: NOT CHECKED, because the advisory database is not available; the minimum versions in deny.toml apply' >&2; fi

contract: ## validate openapi/openapi.json against OpenAPI 3.1
	.venv/bin/openapi-spec-validator --schema 3.1 --validation-errors all openapi/openapi.json

clients: ## generate typed clients, compile them and place orders with them
	tests/clients/run.sh

fuzz: ## send valid and invalid requests to a demo shop (FUZZ_SECONDS, FUZZ_SEED)
	tests/openapi/fuzz.sh

bench: ## run the benchmarks behind the performance claims
	@scripts/setup.sh bench
	cargo bench --bench import
	cargo bench --bench http $(if $(ARGS),-- $(ARGS))
