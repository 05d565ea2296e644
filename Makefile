# wardwatch: `make run` shows it at work, `make test` proves it. Everything lives in .venv and .state.

PYTHON ?= python3
BIN := .venv/bin
VENV := $(PYTHON) deploy/local/venv.py

# Ports of `make run`, each free to choose: make run PROMETHEUS_PORT=9999
export WARDWATCH_PORT PROMETHEUS_PORT ALERTMANAGER_PORT SIMULATOR_PORT

# What a test run is given besides: make test ARGS="-k agent -x"
ARGS ?=

# Tests run beside each other, in one process more than there are cores, since some wait for a clock for minutes; the
# tests of one file one after the other, and files in their order: else those with few tests come last, which are the
# slowest.
PROCESSES := $(shell echo $$(($$(nproc 2>/dev/null || echo 1) + 1)))
PYTEST := $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run test quick check format generate bench bar breaks render lock build clean

help: ## show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start everything on this machine, simulated devices included; Ctrl-C stops it
	@$(VENV) run
	@exec $(BIN)/python deploy/local/run.py

test: dev ## run the whole test suite with the real parts (ARGS="-k word" chooses)
	@$(PYTHON) deploy/local/parts.py fetch
	$(PYTEST) -m "not bar" $(ARGS)

quick: dev ## run the tests that need no real part and are not slow, in less than two minutes
	$(PYTEST) -m "not slow and not parts and not bar" $(ARGS)

check: dev ## lint, types, import rules, generated files current
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases deploy bench
	$(BIN)/lint-imports
	$(BIN)/python deploy/local/generate.py --check

format: dev ## put the code into its usual shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

generate: dev ## write what is generated: the tables in README.md and docs
	$(BIN)/python deploy/local/generate.py

bench: dev ## measure everything the README claims (ARGS="estate start" chooses, ARGS=--bar fails where it misses)
	$(BIN)/python -m bench $(ARGS)

bar: dev ## try every promise of safety and robustness in its quick size (ARGS="C4 --full" chooses)
	$(BIN)/python -m bench.bar $(ARGS)

breaks: dev ## try the bar's rows in small, each with the deliberate break that turns it red
	@$(PYTHON) deploy/local/parts.py fetch promtool prometheus alertmanager chromium
	$(BIN)/python -m pytest -m bar $(ARGS)

render: dev ## draw the boards with Grafana's component libraries (ARGS="--board wardwatch-today --theme light" chooses)
	$(BIN)/python -m deploy.render $(ARGS)

lock: ## pin the newest of every dependency, with hashes
	$(PYTHON) deploy/local/lock.py --upgrade

build: dev ## build the wheel and the source archive into dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove what was built and cached; data in .state and .venv stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -path ./.state -prune -o -name __pycache__ -type d -exec rm -rf {} +

.PHONY: dev
dev:
	@$(VENV) dev
