# What you need is Python 3.11 or newer; `make test` and `make demo` get everything else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help test test-browser quick lint check matrix demo bench servers clean

VENV ?= .venv
# Tests mostly wait for servers, so several processes share them, whatever the number of cores.
export PIGEON_TEST_PROCESSES ?= 3
BIN := $(VENV)/bin

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' Makefile

# The environment is made anew when what is to be installed changes.
$(VENV)/.installed: pyproject.toml setup.py pigeon/version.py .ci/make-venv
	.ci/make-venv $(VENV) "$$(.ci/python)"
	touch $@

servers:  ## get the servers that the tests talk to (Debian, as root)
	tests/servers/install.sh

test: servers $(VENV)/.installed  ## everything: table, lint, types, tests, matrix
	$(BIN)/python -m tests.capabilities
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -q -n $(PIGEON_TEST_PROCESSES) --dist worksteal
	$(MAKE) --no-print-directory matrix

test-browser: servers $(VENV)/.installed  ## the dashboard, used through a browser
	$(BIN)/python -m pytest -q tests/browser

quick: $(VENV)/.installed  ## the tests without the slow ones
	$(BIN)/python -m pytest -q -n $(PIGEON_TEST_PROCESSES) -m "not slow"

lint: $(VENV)/.installed  ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

matrix: $(VENV)/.installed  ## the tests on every other Python and Django that is here
	.ci/matrix $(BIN)/python

demo: $(VENV)/.installed  ## a newsroom pushes to an SFTP and an FTP partner (KEEP=1: they stay)
	KEEP=$(KEEP) $(BIN)/python -m example_project.demo

# Measured with the fastest Python of this machine: others differ by half.
.venv-bench/.installed: pyproject.toml setup.py pigeon/version.py .ci/make-venv
	benchmarks/install.sh
	.ci/make-venv .venv-bench "$$(.ci/python fastest)"
	touch $@

bench: servers .venv-bench/.installed  ## the figures, as ratios within one run
	benchmarks/install.sh
	@status=0; for name in push queue save tracking records pages; do \
		echo "== benchmarks.$$name"; \
		.venv-bench/bin/python -m benchmarks.$$name || status=1; \
	done; exit $$status

clean:  ## remove what make made
	rm -rf .venv .venv-* var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache
