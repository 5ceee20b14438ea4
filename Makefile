# Every target sets up what it needs: Python >= 3.11, Node >= 20 and a C compiler are all it expects.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Two processes for each core, for tests mostly wait; those of a file stay together: they share what they started.
PROCESSES ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
TEST := $(BIN)/pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
SOURCES := function_app.py functions infra local tests bench
PORT ?= 7071
CONFIG ?= local/configuration.yaml
DATA ?= .data
STEP = @printf '\033[1m» %s\033[0m\n'

.PHONY: help demo run web browser test check format bench package clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: .make/local ## play signed webhooks of every provider through the whole platform, then stop
	$(BIN)/python -m local demo

run: .make/local ## run the platform on 127.0.0.1:7071 until Ctrl-C (CONFIG=file PORT=n DATA=folder)
	$(BIN)/python -m local run --port $(PORT) --config $(CONFIG) --data $(DATA)

web: web/dist/manifest.json ## the chat page and the embed script, checked and bundled

browser: .make/browser ## a Chromium for the chat page's tests: $$CHROMIUM, one that is here, or Debian's

test: .make/dev .make/browser ## the tests
	$(TEST)

check: .make/dev .make/browser ## format, lint, types, tests: what CI runs
	$(STEP) format; $(BIN)/ruff format --check .
	$(STEP) lint; $(BIN)/ruff check .
	$(STEP) types; $(BIN)/mypy
	$(STEP) tests; $(TEST)

format: .make/dev ## rewrite the sources in the one format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: .make/dev ## figures, as ratios against a baseline of the same run
	$(BIN)/python -m bench

package: .make/local ## zip what Azure gets: its size, and how long a cold start imports
	$(BIN)/python -m infra package

clean: ## forget what was installed and the local data
	rm -rf .venv .make .data local/node_modules web/dist web/node_modules tests/platform/servicebus/node/node_modules tests/{desk,directline}/node/node_modules

NODE = @node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2> /dev/null && command -v npm > /dev/null \
	|| { echo 'Node 20 or newer is needed, with npm'; exit 1; }

.venv/bin/pip:
	$(STEP) 'Python environment'
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed'; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

local/node_modules/azurite/package.json: local/package.json local/package-lock.json
	$(NODE)
	$(STEP) 'Azurite (Table Storage), about half a minute'
	cd local && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/node_modules/botframework-webchat/package.json: web/package.json web/package-lock.json
	$(NODE)
	$(STEP) 'Web Chat (the chat page), about a minute'
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/manifest.json: web/node_modules/botframework-webchat/package.json web/build.mjs web/tsconfig.json $(wildcard web/src/*)
	$(STEP) 'The chat page'
	cd web && npm run --silent build

.make/local: .venv/bin/pip requirements.txt pyproject.toml local/node_modules/azurite/package.json web/dist/manifest.json
	$(STEP) 'Python packages; AMQP (python-qpid-proton) is compiled, about half a minute'
	@$(BIN)/pip install --quiet --progress-bar on -r requirements.txt --group local || { \
		echo 'If a compiler or Python.h is missing: on Debian apt-get install build-essential python3-dev'; exit 1; }
	@mkdir -p .make && touch $@

.make/dev: .make/local
	$(STEP) 'Python packages for checks and tests'
	$(BIN)/pip install --quiet --progress-bar on -r requirements.txt --group dev
	@mkdir -p .make && touch $@

.make/browser:
	$(STEP) 'A browser for the tests of the chat page'
	@if test -n "$${CHROMIUM:-}" || command -v chromium chromium-browser google-chrome; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get > /dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; \
	else echo 'Install Chromium or Chrome, or set CHROMIUM to its path'; exit 1; fi
	@mkdir -p .make && touch $@
