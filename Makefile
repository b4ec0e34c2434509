# What a user does, a word each. PYTHON=/path/to/python3.12 and VENV=folder may be given.
VENV ?= .venv
BIN := $(VENV)/bin
# make docs EXAMPLES=0 runs no example: the pages of those that have changed show no figure.
EXAMPLES ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup notebook train test slow matrix soak check docs bench clean

help:
	@echo "make setup   an environment in $(VENV) with recircuit and all it needs"
	@echo "make train   train a network on real digits, with its curves in runs/digits"
	@echo "make notebook  open the notebooks in JupyterLab, which it installs if it is not there"
	@echo "make test    check, then the tests and the notebooks (minutes)"
	@echo "make slow    the long tests"
	@echo "make matrix  the package, installed for each Python, Brian2 and compiler that is there (many minutes)"
	@echo "make soak    try odd inputs, kills, Ctrl-C and a million presentations (many minutes)"
	@echo "make check   ruff and the type checker"
	@echo "make docs    build the site in docs/_build/html; the examples of the gallery are run if they have changed"
	@echo "make bench   measure the speed of recircuit and of other simulators"
	@echo "make clean   remove what the other targets made, except runs/"

setup:
	@sh tools/setup.sh $(VENV)

train: setup
	$(BIN)/recircuit train digits --backend auto --out runs/digits --overwrite

notebook: setup
	$(BIN)/python -c "import jupyterlab" 2>/dev/null || $(BIN)/python -m pip install --quiet --editable ".[notebook]"
	$(BIN)/python -m jupyterlab notebooks

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright --project tools/typing.json --pythonpath $(BIN)/python

test: check
	OPENBLAS_NUM_THREADS=1 RECIRCUIT_THREADS=1 \
		$(BIN)/pytest -m "not slow" --numprocesses auto --dist loadfile --nbmake tests $(wildcard notebooks)

slow: setup
	$(BIN)/pytest -m slow

matrix: setup
	$(BIN)/python tools/matrix.py

soak: setup
	$(BIN)/python -m tools.soak

docs: setup
	$(BIN)/sphinx-build -M html docs docs/_build --fail-on-warning --keep-going -D recircuit_run_examples=$(EXAMPLES)

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .typing docs/_build docs/made docs/reference/generated .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
