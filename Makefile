# One command each; `make demo` and `make test` set up everything they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export RINGFENCE_TOOLS := $(CURDIR)/.tools
OPA := $(RINGFENCE_TOOLS)/opa
REGAL := $(RINGFENCE_TOOLS)/regal
# The pins of both; a changed pin installs them anew.
PINS := compiler/ringfence/opa/find.py compiler/ringfence/opa/install.py
PYTHON_CODE := compiler tests examples
REGO_CODE := $(wildcard rego bundles)
# What `regenerate` writes; CI wants no difference.
GENERATED := bundles docs examples

.PHONY: setup demo test check bench coverage-requirements regenerate lint rego

setup: $(VENV)/.installed $(RINGFENCE_TOOLS)/.opa

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is due; name one with make PYTHON=…' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

# Names a tool by the stamp that says it is installed as pinned.
$(RINGFENCE_TOOLS)/.opa $(RINGFENCE_TOOLS)/.regal: $(RINGFENCE_TOOLS)/.%: $(PINS) | $(VENV)/.installed
	$(BIN)/python -m ringfence.opa.install $*
	touch $@

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(BIN)/python -m pytest -q

# Tests come last: the output ends with their count.
check: setup lint rego regenerate test

lint: setup
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/mypy

rego: setup $(RINGFENCE_TOOLS)/.regal
	$(OPA) fmt --fail --list $(REGO_CODE)
	$(OPA) check --strict rego
	for bundle in $(wildcard bundles/*); do $(OPA) check --strict "$$bundle"; done
	$(OPA) test rego
	$(REGAL) lint $(REGO_CODE)

regenerate: setup
	$(BIN)/python -m examples.regenerate
	git diff --exit-code -- $(GENERATED)
	test -z "$$(git status --porcelain -- $(GENERATED))"

bench: setup
	RINGFENCE_FUZZ_CASES=$${RINGFENCE_FUZZ_CASES:-1000000} $(BIN)/python -m pytest tests/bench -q --benchmark-columns=min,median,max,rounds

coverage-requirements: setup
	$(BIN)/python -m tests.requirements
