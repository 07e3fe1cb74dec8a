# Everything a fresh clone needs: `make demo` opens a shop, `make test` runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help setup demo test lint format clean

help:
	@echo "make demo    make a demo shop and open it (ARGS=--no-serve: make it and stop)"
	@echo "make test    run the tests"
	@echo "make lint    style, types and import contracts"
	@echo "make setup   make the virtual environment that the others use"

setup: $(VENV)/ready

# torch first and pinned: an open range may pull gigabytes of accelerator packages
$(VENV)/ready: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,bench]"
	touch $@

demo: setup
	$(BIN)/emptor demo $(ARGS)

test: setup
	$(BIN)/pytest -n 2 $(ARGS)

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/ruff format src tests benchmarks

clean:
	rm -rf $(VENV) demo-shop demo-shop.world .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
