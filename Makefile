# On a fresh machine with python3 and make: `make demo`, `make test`. Everything lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test slow check lint types bench docs clean

help: ## What there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## The whole backbone on a sample workbook, left in demo/
	$(BIN)/python scripts/demo.py demo

test: $(STAMP) ## The test suite
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow"

slow: $(STAMP) ## The slow sweeps: crashes, contention, full-size workbooks
	$(BIN)/python -m pytest -q -n $(JOBS) -m slow

lint: $(STAMP) ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## Types
	$(BIN)/mypy

check: lint types test ## What a contributor runs before a commit

docs: $(STAMP) ## Write docs/ anew
	$(BIN)/python -m ticketops.cli.reference docs

bench: $(STAMP) ## Benchmarks beside their peers, written to benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

clean: ## Remove what was made
	rm -rf $(VENV) demo benchmarks/work .mypy_cache .ruff_cache .pytest_cache .hypothesis
