# On a fresh machine with python3 and make: `make demo`, `make test`. Everything lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
JOBS ?= 2
SEED ?= 11
SAMPLE ?= 40
PAIRS ?= 31
# Tests start hundreds of processes: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test slow exhaustive check lint types bench against mutants docs tour site clean

help: ## What there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## The whole backbone on a sample workbook, left in demo/
	$(BIN)/python scripts/demo.py demo

test: $(STAMP) ## The test suite
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m "not slow"

slow: $(STAMP) ## The slow sweeps: crashes, contention, full-size workbooks
	TICKETOPS_TEST_FRESH=1 $(BIN)/python -m pytest -q -n $(JOBS) -m slow

exhaustive: $(STAMP) ## The slow sweeps with every step of the longest of them, hours
	TICKETOPS_TEST_EXHAUSTIVE=1 TICKETOPS_TEST_FRESH=1 $(BIN)/python -m pytest -q -n $(JOBS) -m slow

lint: $(STAMP) ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## Types
	$(BIN)/mypy

check: lint types test ## What a contributor runs before a commit

docs: $(STAMP) ## Write docs/ anew
	$(BIN)/python -m ticketops.cli.reference docs
	$(BIN)/python scripts/tree.py
	$(BIN)/python scripts/notebook.py

tour: $(STAMP) ## Run what README.md and docs/ show, and compare it with what is printed
	$(BIN)/python scripts/tour.py README.md docs/*.md

site: $(STAMP) ## The website of the pages, in site/; a link that leads nowhere is an error
	$(BIN)/python scripts/website.py site

bench: $(STAMP) ## Benchmarks beside their peers, written to benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

against: $(STAMP) ## CPU times of commands beside those of an earlier commit (COMMIT=v1.0 PAIRS=31)
	$(BIN)/python benchmarks/against.py $(COMMIT) --pairs $(PAIRS)

mutants: $(STAMP) ## Would a test fail if a line were wrong? A seeded sample (SEED=11 SAMPLE=40), an hour
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	$(BIN)/python scripts/mutants.py --seed $(SEED) --sample $(SAMPLE) --jobs $(JOBS)

clean: ## Remove what was made
	rm -rf $(VENV) demo site benchmarks/work .mypy_cache .ruff_cache .pytest_cache .hypothesis
