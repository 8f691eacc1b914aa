# `make` lists what there is to do. Needs git, make and Python 3.11 to 3.14; everything else comes from the locks.

PY  := .venv/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input install
NO_IO := not io and not slow and not spark and not postgres and not crash

.PHONY: help demo test quick check bench bench-city bench-outbreak soak lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / && $$1 != "help" { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed ## one night in a synthetic city, from the call to the score; CITY=full for 900,000 people
	@.venv/bin/ringfence demo $(if $(filter full,$(CITY)),--full)

test: packages .venv/dev .venv/spark ## everything this machine can test; ARGS="-k words" selects
	$(PY) -m pytest $(ARGS)

quick: .venv/dev ## the tests that touch no file, process or network
	$(PY) -m pytest -m "$(NO_IO)" $(ARGS)

check: .venv/dev ## what a reviewer runs: style, types, import rules, docs
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m pytest tests/house -m "not reviewer" $(ARGS)

bench: .venv/dev ## the engines side by side on a small synthetic city
	$(PY) -m benchmarks

bench-city: packages .venv/dev ## the same on a whole city; hours, and tens of gigabytes of disk
	$(PY) -m benchmarks --city

bench-outbreak: .venv/covasim ## 1,000 outbreaks in a city of 3.4 million, beside Covasim
	$(PY) -m benchmarks.outbreak --write

soak: packages .venv/dev .venv/spark ## the long versions: many more crashes, cities and examples
	SOAK=1 $(PY) -m pytest $(ARGS)

lock: ## write requirements*.txt anew (needs uv)
	@tools/lock

# ── the virtual environment ──────────────────────────────────────────────────────────────────────────────────────

# An environment whose interpreter is gone, or that was moved with its folder, is made anew.
ifneq ($(shell .venv/bin/python -c pass 2>/dev/null && cat .venv/locked 2>/dev/null),$(shell pwd -P))
$(shell rm -f .venv/locked)
endif

.venv/locked: requirements.txt
	@rm -rf .venv
	@python=$$(tools/python) && echo "Python: $$python ($$($$python --version))" && $$python -m venv .venv
	@echo "Installing the locked packages; the first time takes a few minutes."
	@$(PIP) --require-hashes -r requirements.txt
	@pwd -P > $@

.venv/installed: .venv/locked pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/installed requirements-dev.txt
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# Spark is large and of no use without Java; its package is source, built by the locked setuptools.
.venv/spark: .venv/dev requirements-spark.txt
	@if java -version >/dev/null 2>&1; then $(PIP) --require-hashes --no-build-isolation -r requirements-spark.txt && touch $@; fi

.venv/covasim: .venv/dev requirements-covasim.txt
	@$(PIP) --require-hashes --no-build-isolation -r requirements-covasim.txt
	@touch $@

.PHONY: packages
packages:
	@tools/system-packages
