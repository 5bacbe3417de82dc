PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/pip install -qq --disable-pip-version-check
JOBS = 6
TESTS = tests/unit tests/contract tests/integration tests/acceptance
.DEFAULT_GOAL := help
# demo and tests start hundreds of processes: each would compile the same three hundred files anew
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@echo "setting up $(VENV) from the lock file (about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/.ready ## make the virtual environment from the lock file

demo: setup ## a store's trading day, through RabbitMQ, into a sandbox Xero; DEMO=--keep leaves it up
	@$(BIN)/xerelay demo $(DEMO)

# one beside the other: the checks use a single core
test: setup ## check and all tests: what has to pass
	@$(MAKE) --no-print-directory -j2 check tests

tests: setup ## the tests alone; TESTS=tests/unit runs a part of them
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(TESTS)

test-matrix: ## the tests on Python 3.12 and 3.13 and on RabbitMQ 4, where they are at hand
	@.ci/matrix

check: setup ## lint, types, import rules, generated files
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/xerelay schema check

fmt: setup ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## write the lock files anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -o requirements.lock
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -o requirements-dev.lock
	echo hatchling | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -c requirements-dev.lock -o requirements-build.lock

clean: ## remove what the other targets made
	rm -rf .venv .venv-* .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis demo-report.json

.PHONY: help setup demo test tests test-matrix check fmt lock clean
