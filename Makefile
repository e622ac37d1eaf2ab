# `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run run-production test check bench fuzz autobahn format services

SOURCES := Sources Tests Benchmarks Package.swift
ACTION ?= up
# Those that start databases, and those that load whole servers, apart from those that wait for answers in time: all at once
# they would starve each other.
STORES := ^(LibPQ|RedisWire|ParleyStore|ParleyRedis)Tests
LOAD := ^ParleyServerTests\.LoadTests

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, build the release, and start the server
	scripts/bootstrap
	swift build -c release --product parley
	.build/release/parley serve

run-production: ## two instances behind nginx, with PostgreSQL and Redis, on this machine
	scripts/bootstrap --production
	swift build -c release --product parley
	scripts/production

test: ## all tests: unit, stores, clients, server, crash, browser, production
	scripts/bootstrap --test
	swift build --build-tests
	swift test --skip-build --filter '$(STORES)'
	swift test --skip-build --filter '$(LOAD)'
	swift test --skip-build --skip '$(STORES)' --skip '$(LOAD)'
	.venv/bin/python Tests/Browser/run.py --binary .build/debug/parley --artifacts .build/browser
	python3 Tests/Production/run.py --binary .build/debug/parley

check: ## what continuous integration runs: the formatter's lint, then all tests
	swift format lint --strict --recursive $(SOURCES)
	$(MAKE) test

bench: ## measure a release build; figures also in .build/bench/latest.json
	scripts/bootstrap --test
	swift build -c release --product parley
	swift build -c release --product parley-load
	swift build -c release --product parley-bench
	.build/release/parley-bench

fuzz: ## a minute each of fuzzing what takes tokens, key sets and Redis's replies apart, guided by coverage
	scripts/fuzz-tokens 60
	scripts/fuzz-redis 60

autobahn: ## Autobahn's WebSocket test suite, a quarter of an hour; PYTHON27=path or WSTEST=path where there is no python2.7
	Tests/Autobahn/run.sh

format: ## format all Swift sources in place
	swift format --in-place --recursive $(SOURCES)

services: ## throw-away PostgreSQL and Redis: ACTION=up, down or status; or a Parley: ACTION='server up' and so on
	scripts/services $(ACTION)
