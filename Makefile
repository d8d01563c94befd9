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

.PHONY: setup demo test check bench coverage-requirements regenerate lint rego

setup: $(VENV)/.installed $(OPA)

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

$(OPA): | $(VENV)/.installed
	$(BIN)/python -m ringfence.opa.install opa

$(REGAL): | $(VENV)/.installed
	$(BIN)/python -m ringfence.opa.install regal

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(BIN)/python -m pytest -q

check: setup $(REGAL) lint rego regenerate test

lint: setup
	$(BIN)/ruff format --check compiler tests examples
	$(BIN)/ruff check compiler tests examples
	$(BIN)/mypy

rego: setup $(REGAL)
	$(OPA) fmt --fail --list rego bundles
	$(OPA) check --strict rego
	$(OPA) test rego
	$(REGAL) lint rego bundles

regenerate: setup
	$(BIN)/python -m examples.regenerate
	git diff --exit-code -- bundles docs examples
	test -z "$$(git status --porcelain -- bundles docs examples)"

bench: setup
	$(BIN)/python -m pytest tests/bench -q --benchmark-columns=min,median,max,rounds

coverage-requirements: setup
	$(BIN)/python -m tests.requirements
