# Needs Python 3.11 to 3.14, git and make. Everything else is installed into .venv from requirements.lock,
# where every package is pinned with its hashes. Nothing is written outside this folder, but for pip's own cache.

.DEFAULT_GOAL := help
.PHONY: help setup demo test tests check types lint contracts reference test-all range-test bench docs lock clean

# The first Python on the path that is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo "$$p" && break; done)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CASE := sample_logs/incidents/script_edit
DEMO := demo/script_edit

# What `make bench` measures; see `make help`.
MB ?= 10
REPEAT ?= 1
PEERS ?=
WORST ?=
INTO ?=

# Figures are drawn without a display, and their font cache stays in this folder.
export MPLBACKEND := Agg
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

# Compiled modules are kept: without them each process of the tests would compile the program again.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make demo       investigate a staged incident and say which report to open"
	@echo "make test       everything that must hold: lint, types, import contracts, documentation, tests"
	@echo "make test-all   the same with all cases of the tests of which make test takes some; twice as long"
	@echo "make check      what make test does beside the tests"
	@echo "make range-test stage an incident with real daemons on this machine, as root, and investigate it (it makes accounts)"
	@echo "make bench      measure how fast audit logs are read, beside other programs on the same bytes"
	@echo "                (MB='10 1000' sizes, REPEAT=3, PEERS=1 installs Plaso and others, WORST=300 the worst layouts,"
	@echo "                INTO=docs/explanation/performance.md writes the table there)"
	@echo "make docs       write the generated reference and the README's picture again"
	@echo "make lock       choose package versions again (needs uv)"
	@echo "make clean      remove .venv, demo and caches"

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "No Python 3.11 to 3.14 on the path. Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; fi
	@echo "Making a private Python environment in $(VENV), with $$("$(PYTHON)" --version)."
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@echo "Installing the packages that requirements.lock pins, each checked against its hash. This takes a minute or two."
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "The environment is ready; the command is $(BIN)/forensics."

setup: $(READY)

demo: setup
	@echo "Investigating the staged incident in $(CASE): a training script was edited, and the commit carries a colleague's name."
	@rm -rf $(DEMO)
	@mkdir -p $(dir $(DEMO))
	@$(BIN)/forensics investigate $(CASE)/evidence --case $(DEMO) --roster $(CASE)/roster.toml --about $(CASE)/case.toml \
		|| { status=$$?; [ $$status -eq 3 ] || exit $$status; echo "Some lines of evidence could not be read. They are counted and listed: $(BIN)/forensics status $(DEMO)"; }
	@echo "Ask further with $(BIN)/forensics, for example: $(BIN)/forensics who $(DEMO) --job 11"
	@test -s $(DEMO)/report.pdf
	@echo "Open this file: $(DEMO)/report.pdf"

check: setup
	@$(MAKE) --no-print-directory -j 2 types lint contracts reference

types: setup
	@echo "Checking the types (mypy, strict)."
	@$(BIN)/mypy

lint: setup
	@echo "Linting (ruff)."
	@$(BIN)/ruff check --quiet
	@echo "Checking the formatting (ruff format)."
	@$(BIN)/ruff format --check --quiet

contracts: setup
	@echo "Checking who may import whom (import-linter)."
	@$(BIN)/lint-imports --no-logo

reference: setup
	@echo "Checking that the generated reference is up to date."
	@$(BIN)/python -m forensics.cli.reference --check docs/reference

# The types take one core for as long as all else before the tests, so they are checked beside these.
test: setup
	@$(MAKE) --no-print-directory -j 2 lint contracts reference
	@$(MAKE) --no-print-directory -j 2 types tests

tests: setup
	@echo "Running the tests."
	@$(BIN)/python -m pytest -n auto --dist loadgroup

# All cases of what `test` takes some of (tests/drawn.py): for whoever changes what they are cases of, and before a release.
test-all: check
	@echo "Running the tests, with all their cases."
	@FORENSICS_ALL_CASES=1 $(BIN)/python -m pytest -n auto --dist loadgroup

range-test: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pexpect==4.9.0
	@FORENSICS_RANGE=1 $(BIN)/python -m pytest -n0 -rs tests/test_range.py

docs: setup
	@echo "Writing docs/reference from the code."
	@$(BIN)/python -m forensics.cli.reference docs/reference
	@echo "Drawing docs/images/timeline.png from the staged incident."
	@rm -rf demo/picture
	@$(BIN)/forensics investigate $(CASE)/evidence --case demo/picture --roster $(CASE)/roster.toml --about $(CASE)/case.toml >/dev/null || [ $$? -eq 3 ]
	@$(BIN)/forensics timeline demo/picture -o docs/images/timeline.png --job 11
	@rm -rf demo/picture

bench: setup
	@$(BIN)/python bench/ingest.py --mb $(MB) --repeat $(REPEAT) $(if $(PEERS),--peers) $(if $(WORST),--worst $(WORST)) $(if $(INTO),--into $(INTO))

lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build
