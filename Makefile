# What people type: `make demo` to look, `make test` to check everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

.PHONY: demo test check bench soak constraints clean

demo: $(VENV)/.platforms
	$(BIN)/greenroom demo $(ARGS)

test: check
	$(BIN)/pytest -m "not slow"

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(VENV)/.dev
	$(BIN)/pytest -m slow
	$(BIN)/python -m tests.policies.fuzz --seconds 300

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.triage
	$(BIN)/python -m benchmarks.context
	$(BIN)/python -m benchmarks.policies
	$(BIN)/python -m benchmarks.backtest
	$(BIN)/python -m benchmarks.adapters
	$(BIN)/python -m benchmarks.personas
	$(BIN)/python -m benchmarks.provenance

# A stamp a set of packages; pip runs again when what it was told changes.
$(VENV)/.platforms: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[platforms]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/.platforms

# Exact versions for everyone, from what is installed here.
constraints: $(VENV)/.dev
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
