# One word for each thing to do. Only Python 3.11+ and make are needed; the rest is installed into .venv.
PYTHON ?= python3
PORT ?= 3000
VENV := .venv
BIN := $(VENV)/bin
# Where `make programs` puts what Debian does not package.
export PATH := $(PATH):$(CURDIR)/.ci/tools/bin:$(CURDIR)/.ci/tools/node_modules/.bin

SEEDS ?= 1000
KILLS ?= 1000
EXAMPLES ?= 20
PROFILE ?=
RELEASES ?= 200
# Hundreds of processes are started: Python reads what pip has compiled, and keeps what it compiles, also where the
# environment says otherwise.
KEEP := env -u PYTHONDONTWRITEBYTECODE -u PYTHONPYCACHEPREFIX

.PHONY: help run test programs simulate explore kills traps soak bench lint format clean

help: ## show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r word does; do \
	  printf '%-10s %s\n' "$$word" "$$does"; done

run: $(VENV)/.installed ## play the example conference against the sandbox, and show it on a page
	@$(BIN)/announce rehearse --port $(PORT)

test: $(VENV)/.installed-dev ## run all tests; the end names those that lack a program
	@$(KEEP) $(BIN)/python -m compileall -q bot
	@$(KEEP) $(BIN)/pytest -n 5 --dist worksteal $(ARGS)

programs: ## install the programs that some tests need and this machine lacks (Debian, Ubuntu)
	@PYTHON="$(PYTHON)" .ci/install-programs

simulate: $(VENV)/.installed-dev ## run histories full of faults, each from its seed: make simulate SEEDS=10000
	@$(BIN)/python -W ignore::UserWarning -m tests.simulation.run --seeds $(SEEDS) --profile "$(PROFILE)"

explore: $(VENV)/.installed-dev ## try twenty times as many examples of crashes and seasons: make explore EXAMPLES=100
	@$(KEEP) EXAMPLES=$(EXAMPLES) $(BIN)/pytest -n 4 --dist worksteal --timeout 3600 \
	  tests/unit/delivery/test_deliver_crashes.py tests/unit/planner/test_plan_properties.py $(ARGS)

kills: $(VENV)/.installed-dev ## kill the real bot a thousand times and at each named point, and count on the server's side
	@$(KEEP) KILLS=$(KILLS) POINTS=all $(BIN)/pytest -n 4 --dist worksteal -rP tests/crash $(ARGS)

traps: $(VENV)/.installed-dev ## every mishap at every kind of server, at each request
	@$(KEEP) TRAPS=all $(BIN)/pytest -n 4 --dist worksteal tests/unit/publishers/mastodon/test_traps_mishaps.py $(ARGS)

soak: $(VENV)/.installed-dev ## play a season of 200 posts on 5 accounts in four minutes, with faults, and see that nothing grows
	@$(KEEP) SOAK_POSTS=200 SOAK_SECONDS=200 $(BIN)/pytest tests/soak -s $(ARGS)

bench: $(VENV)/.installed-dev ## how long things take, and how much memory, on this machine
	@$(BIN)/python -m tests.bench.bench_feeds
	@$(BIN)/python -m tests.bench.bench_posts
	@$(BIN)/python -m tests.bench.bench_lateness --releases $(RELEASES)

lint: $(VENV)/.installed-dev ## format, lint, types, import order
	@$(BIN)/ruff format --check bot tests
	@$(BIN)/ruff check bot tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## put the code into shape
	@$(BIN)/ruff check --fix bot tests
	@$(BIN)/ruff format bot tests

clean: ## remove what can be made again
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "announce needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
