# Set-up happens once, in .venv, and again only when what it depends on has changed.
# The targets that people use: demo, test, check, bench, build, clean.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
FRONTEND := nbflow/frontend
FRONTEND_SOURCES := $(shell find $(FRONTEND) \( -name node_modules -o -name test -o -name dev \) -prune \
	-o -type f -print)
BUNDLE := nbflow/widgets/static/bundle.json

# The venv comes first, so that its Python, Node and npm are the ones used.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check format durability bench bench-page forms-report gallery looks film hosts reference badges binder-check wheel-check build \
	clean

help:
	@echo 'make demo           set up and open the first demo notebook in JupyterLab'
	@echo 'make demo CHECK=1   set up and execute every demo notebook, without a browser'
	@echo 'make test           set up and run all tests (Python, front end, browser)'
	@echo 'make check          lint, types, import contracts'
	@echo 'make format         rewrite the sources in the house format'
	@echo 'make durability     kill runs at 200 moments in each form, and print what was survived; SEED=n repeats'
	@echo 'make bench          cost per task beside LangGraph, and beside bare Dask; how far one thread and one database go'
	@echo 'make bench-page     first paint in JupyterLab, and the frames of a run of 100,000 events'
	@echo 'make forms-report   what the forms make of JSON-Schema-Test-Suite; WRITE=1 keeps it'
	@echo 'make gallery        photograph every view again into notebooks/pictures/'
	@echo 'make looks          look for what is hard to see in every state, in each theme, narrow and wide'
	@echo 'make film           play the story of the README again and film it'
	@echo 'make hosts          play waiting in every host with every kernel; WRITE=1 keeps the table'
	@echo 'make reference      make the reference notebook of the docstrings again'
	@echo 'make badges REPO=owner/name   let the Binder badges of the README lead there'
	@echo 'make binder-check   build what binder/ says, and execute the notebooks in it'
	@echo 'make wheel-check    install the wheel where there is no Node, and play the stories against it'
	@echo 'make build          sdist and wheel in dist/'
	@echo 'make clean          remove everything that was built or installed'

demo: $(VENV)/.demo
	nbflow demo $(if $(CHECK),--check)

test: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium $(VENV)/.postgres
	cd $(FRONTEND) && npm test && npm run test:browser
	pytest $(ARGS)

check: $(VENV)/.dev $(FRONTEND)/node_modules/.package-lock.json
	ruff check
	ruff format --check
	mypy
	lint-imports --no-cache
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 pyright --verifytypes nbflow --ignoreexternal
	cd $(FRONTEND) && npm run check

format: $(VENV)/.dev $(FRONTEND)/node_modules/.package-lock.json
	ruff check --fix
	ruff format
	cd $(FRONTEND) && npx biome check --write .

durability: $(VENV)/.dev
	pytest tests/durability
	python -m tests.durability $(if $(SEED),--seed $(SEED))
	python -m tests.durability.fuzz $(if $(SEED),--seed $(SEED))

bench: $(VENV)/.dev $(VENV)/.postgres
	python -m tests.bench
	python -m tests.bench.executors
	python -m tests.bench.scale

bench-page: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium
	python -m tests.bench.page
	cd $(FRONTEND) && node dev/measure.mjs

forms-report: $(VENV)/.dev $(FRONTEND)/node_modules/.package-lock.json
	python -m tests.forms_report $(if $(WRITE),--write)

gallery: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium
	cd $(FRONTEND) && node dev/gallery.mjs

looks: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium
	cd $(FRONTEND) && VIEWS=light:320,dark:2000,contrast:360,forced-dark:1000 node dev/shots.mjs -

film: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium
	python -m tests.browser.film

hosts: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium
	python -m tests.hosts.matrix $(if $(WRITE),--write)

reference: $(VENV)/.dev $(BUNDLE)
	python -m tests.reference

badges: $(VENV)/.dev
	python -m tests.binder badges '$(REPO)'

binder-check: $(VENV)/.dev
	python -m tests.binder check

wheel-check: $(VENV)/.dev $(BUNDLE) $(VENV)/.chromium
	python -m tests.wheel

build: $(VENV)/.dev
	rm -rf dist
	python -m build

clean:
	rm -rf $(VENV) dist nbflow/widgets/static nbflow/labextension $(FRONTEND)/node_modules
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find nbflow tests -name __pycache__ -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------- set-up

# Some systems ship Python without ensurepip: then the system's own pip fills the venv.
$(VENV)/bin/pip:
	@[ -n '$(PYTHON)' ] || { echo 'nbflow needs Python 3.11 or newer: install one, or name it, as in: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV) && $(PYTHON) -m venv --without-pip $(VENV) \
	  && $(PYTHON) -m pip --python $(VENV)/bin/python install pip; } || { \
	  rm -rf $(VENV); \
	  echo 'This Python can make no virtual environment (on Debian and Ubuntu: apt-get install python3-venv). Install what it lacks and run make again.' >&2; \
	  exit 1; }
	$(VENV)/bin/python -m pip install --quiet --upgrade pip

# What a user gets: the package with its built front end, through the same build as `pip install .`
$(VENV)/.demo: pyproject.toml $(FRONTEND_SOURCES) | $(VENV)/bin/pip
	pip install --quiet --editable '.[demo]'
	@touch $@

# What a developer needs besides; the front end is built by its own rule, quicker on repeat.
$(VENV)/.dev: pyproject.toml | $(VENV)/bin/pip
	SKIP_JUPYTER_BUILDER=1 pip install --quiet --editable '.[dev]'
	@touch $@

$(FRONTEND)/node_modules/.package-lock.json: $(FRONTEND)/package-lock.json | $(VENV)/.dev
	cd $(FRONTEND) && npm ci --no-audit --no-fund
	@touch $@

$(BUNDLE): $(FRONTEND_SOURCES) $(FRONTEND)/node_modules/.package-lock.json
	cd $(FRONTEND) && npm run build

# A Chromium: the system's, else Debian's when that can be installed, else Playwright's own.
$(VENV)/.chromium: | $(VENV)/.dev
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium </dev/null; \
	else playwright install chromium; fi
	@touch $@

# A Postgres server for the tests to start: the system's, else Debian's; or one that is named.
$(VENV)/.postgres: | $(VENV)/.dev
	@if [ -n "$${NBFLOW_TEST_POSTGRES_DSN:-}" ] || command -v postgres >/dev/null \
	  || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql </dev/null; \
	else \
	  echo 'The tests need Postgres: install it (on Debian and Ubuntu: apt-get install postgresql), or set NBFLOW_TEST_POSTGRES_DSN to a database of your own.' >&2; \
	  exit 1; \
	fi
	@touch $@
