# Detente: `make brief` does the main job on the embedded sample, `make test` runs every check.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: brief test lint types layers docs constraints picture screenshots clean help

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

brief: $(STAMP)  ## set up, then write brief.html from the embedded sample
	@$(BIN)/detente brief --sample

test: $(STAMP) lint types layers  ## set up, then run the checks and the tests
	$(BIN)/pytest

lint: $(STAMP)   ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## static types
	$(BIN)/mypy

layers: $(STAMP) ## imports run one way
	$(BIN)/lint-imports

docs: $(STAMP)   ## the documentation site, in docs/_build/html; the tests build it, too
	$(BIN)/python -m sphinx -W --keep-going -E -q -b html docs docs/_build/html
	@echo "$(CURDIR)/docs/_build/html/index.html"

# Debian 12's pip 23.0.1 drops an extra of trafilatura without a word, so pip is renewed before anything else.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Detente needs Python 3.11 or later; set PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "Could not make .venv: run apt-get install -y python3-venv, then make again."; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	@touch $(STAMP)

constraints:     ## renew constraints.txt for every supported Python and platform
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --no-emit-index-url \
		--no-annotate --upgrade pyproject.toml --output-file constraints.txt

picture: brief   ## renew docs/picture.png (needs chromium)
	chromium --headless --no-sandbox --disable-gpu --disable-background-networking --hide-scrollbars \
		--user-data-dir=$$(mktemp -d) --window-size=1100,1250 --screenshot=docs/picture.png file://$(CURDIR)/brief.html

screenshots: $(STAMP) ## renew docs/screenshots (needs chromium)
	$(BIN)/python docs/screenshots.py

clean:           ## remove what make made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache sample-desk brief.html docs/_build docs/reference
