# Everything a person types. Needs Python 3.11 or later with venv, and make.

PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV ?= .venv
LOCKS := .ci/requirements
INSTALL := $(VENV)/bin/python .ci/install.py
ARGS ?=
# One more than there are processors, at most four: tests wait for browsers, servers and processes half of their time.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); echo $$((n < 3 ? n + 1 : 4)))

.DEFAULT_GOAL := help
.PHONY: help run test check bench lock clean

help: ## show this list
	@echo "Watchline. Commands:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## serve the practice phones on this machine, or the real channels once accounts are configured
	@$(VENV)/bin/watchline run $(ARGS)

test: $(VENV)/.dev ## run the tests (ARGS="-k sos" for some of them)
	@$(VENV)/bin/python -m pytest --numprocesses=$(WORKERS) $(ARGS)

check: $(VENV)/.dev ## lint, format, types, import contracts, dependency audit: all of them, then a summary
	@.ci/check $(VENV)

bench: $(VENV)/.dev ## measure speed, memory and scale; prints a table and JSON
	@$(VENV)/bin/python -m benchmarks $(ARGS)

lock: ## make the hash-pinned requirement files anew (ARGS=--upgrade for newer versions)
	@.ci/lock $(ARGS)

clean: ## remove the environment and caches; never touches data/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { \
		echo "Watchline needs Python 3.11, 3.12 or 3.13, and none was found on the PATH."; \
		echo "On Debian or Ubuntu: sudo apt-get install python3 python3-venv"; exit 1; }
	@echo "Making the environment in $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make a virtual environment. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }

$(VENV)/.run: $(LOCKS)/run.txt pyproject.toml | $(VENV)/bin/python
	@$(INSTALL) "Installing what Watchline is built with (hashes checked)" --require-hashes -r $(LOCKS)/build.txt
	@$(INSTALL) "Installing what Watchline runs on (hashes checked)" --require-hashes -r $(LOCKS)/run.txt
	@$(INSTALL) "Installing Watchline itself" --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(LOCKS)/dev.txt $(VENV)/.run
	@$(INSTALL) "Installing what the tests and checks need (hashes checked)" --require-hashes -r $(LOCKS)/dev.txt
	@touch $@
