# Every target sets itself up: .venv from requirements.lock, reused while the lock stays the same.
PYTHON ?= python3
DATASET ?= fer2013
STUDY ?= three-view-ensemble
PORT ?= 8000
VENV_PYTHON := .venv/bin/python

# TensorFlow's start-up lines say nothing to a reader.
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help setup book notebooks test lint serve benchmark study lock clean

help:
	@echo "make book       execute the chapters and build the site into _build/html"
	@echo "make test       lint, and every test"
	@echo "make serve      build, then serve the site at http://127.0.0.1:$(PORT)"
	@echo "make notebooks  execute chapters and assignments, and store them in notebooks/"
	@echo "make study STUDY=compact DATASET=fer2013   train a study's networks (an hour)"
	@echo "make benchmark  measure the input pipeline against flow_from_directory"
	@echo "make lint       check style"
	@echo "make lock       pin the newest fitting packages in requirements.lock"
	@echo "make clean      remove what was built; .venv stays"

setup:
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here; name a Python 3.11 to 3.13: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" tools/setup.py

book: setup
	@$(VENV_PYTHON) -m tools.book build

serve: setup
	@$(VENV_PYTHON) -m tools.book serve --port $(PORT)

notebooks: setup
	@$(VENV_PYTHON) -m tools.notebooks --store
	@$(VENV_PYTHON) -m tools.assignments --store

lint: setup
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .

# Two processes at most: each holds up to 3 GB, and the kernels of notebooks come on top.
test: lint
	@$(VENV_PYTHON) -m pytest -rs --numprocesses auto --maxprocesses 2 --dist loadscope

benchmark: setup
	@$(VENV_PYTHON) -m tools.benchmark

study: setup
	@$(VENV_PYTHON) -m fer_helpers.study $(STUDY) --dataset $(DATASET) --store

# --universal: one lock for Linux, macOS and Windows; without index lines it holds everywhere.
lock: setup
	@$(VENV_PYTHON) -m pip install --quiet uv
	@$(VENV_PYTHON) -m uv pip compile --quiet --upgrade --universal --generate-hashes \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	  --extra tensorflow --extra notebooks --extra book --extra test \
	  pyproject.toml -o requirements.lock

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
