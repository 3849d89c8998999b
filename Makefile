# Two commands on a fresh machine: `make run` and `make test`. Needs python3.11, git and make; the rest is installed.
PYTHON ?= python3.11
BIN := .venv/bin
# boosted trees this small gain nothing from a second thread, and lose ten-fold when threads spin on a busy machine
export OMP_NUM_THREADS ?= 1
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE   # without bytecode, importing Airflow takes twice as long

.PHONY: run test serve bench faults dictionary install lint clean

run: install  ## the main job on the sample city, through the real DAGs; prints today's brief
	$(BIN)/xianban dags

test: install lint  ## every test that needs no server and no browser; those run where their programs are found
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

serve: install  ## Airflow with our DAGs and the page on 127.0.0.1
	$(BIN)/xianban serve

bench: install  ## benchmarks, one JSON line a figure; ONLY=forecast picks some
	$(BIN)/pytest -m benchmark tests/benchmarks -k "$(or $(ONLY),bench)" -s -q -o addopts=""

faults: install  ## long fault campaigns: kills, counts, commits; XIANBAN_FAULTS=200 says how many
	$(BIN)/pytest -m faults tests/faults -s

dictionary: install  ## docs/data-dictionary.md anew from the comments in sql/migrations
	$(BIN)/python -m pipelines.warehouse.dictionary

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfluff lint -q --processes 2 sql

install: .venv/.installed

# the lock names every package with its hash; the project itself is the checkout
.venv/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	test -x $(BIN)/uv || $(BIN)/pip install --quiet --require-hashes --no-deps --requirement .venv/uv.txt
	$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv var
