# make run    sets everything up and serves Homeward with demo data (Ctrl-C ends it)
# make test   sets everything up and runs every check and test
# Nothing needs to be installed beforehand but Python 3.11 or newer and make.

PYTHON ?= python3
PORT ?= 8000
UV_VERSION := 0.13.9

# The clone keeps to itself: uv's cache lies inside it, and no home folder is needed.
export UV_CACHE_DIR := $(CURDIR)/.uv/cache
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON_DOWNLOADS := never
export PYTHONTZPATH :=

.DEFAULT_GOAL := help
.PHONY: help run test format bench screenshots clean distclean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: .venv/.ready-to-run
	@DATABASE_URL="$$DATABASE_URL" exec .venv/bin/python manage.py serve --port "$(PORT)"

test: .venv/.ready-to-test
	@.venv/bin/python .ci/gate.py $(ARGS)

# make format puts the code into the house style
format: .venv/.ready-to-test
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# make bench prints the table of figures and writes bench.json
bench: .venv/.ready-to-test
	@.venv/bin/python -m tests.bench $(ARGS)

# make screenshots takes the README's pictures, and one of every page as everybody (.data/pictures)
screenshots: .venv/.ready-to-test
	@.venv/bin/python -m tests.screenshots $(ARGS)

# make clean removes what tools left; make distclean also the environment AND THE DEMO DATA
clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .uv .data

# What `make run` needs comes without the tools of `make test`; both stamps depend on the lock.
.venv/.ready-to-run: uv.lock pyproject.toml | .uv/ready-$(UV_VERSION)
	@echo "Installing Homeward's packages into .venv (once; a few hundred MB)…"
	@"$$(cat .uv/ready-$(UV_VERSION))" sync --frozen --no-dev --inexact --python "$(PYTHON)"
	@touch $@

.venv/.ready-to-test: uv.lock pyproject.toml | .uv/ready-$(UV_VERSION)
	@echo "Installing Homeward's packages and the test tools into .venv (once)…"
	@"$$(cat .uv/ready-$(UV_VERSION))" sync --frozen --python "$(PYTHON)"
	@touch $@ .venv/.ready-to-run

# The path of the pinned uv: the one on PATH when it is that version, else one of our own.
.uv/ready-$(UV_VERSION):
	@command -v "$(PYTHON)" >/dev/null 2>&1 || \
		{ echo "Homeward needs Python 3.11 or newer, and '$(PYTHON)' is not there. Install it, or say: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Homeward needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1). Say: make PYTHON=/path/to/newer/python3 …" >&2; exit 1; }
	@mkdir -p .uv
	@if [ "$$(uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" ]; then \
		command -v uv > $@.new; \
	else \
		"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
			{ echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
		echo "Installing uv $(UV_VERSION) into .uv…"; \
		"$(PYTHON)" -m venv .uv/venv && \
		.uv/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir "uv==$(UV_VERSION)" || \
			{ echo "uv $(UV_VERSION) could not be installed; is a package index within reach?" >&2; exit 1; }; \
		echo ".uv/venv/bin/uv" > $@.new; \
	fi
	@mv $@.new $@
