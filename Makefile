# Everything a developer runs. `make help` lists it. Needs python3 (3.11 or later), pip and make.

PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
TREES := conftest.py $(wildcard src tests tools bench fuzz)
PIP = $(PYTHON) -m pip --disable-pip-version-check --python $(PY) install --quiet
UV = uv==0.13.9
ARGS ?=
PYTEST := $(PY) -m pytest -n auto

.DEFAULT_GOAL := help
.PHONY: run test check catalogue bench bench-timing bench-defence bench-releases interop fuzz sizes lock format clean help peers

run: .venv/run.stamp            ## Make a first home in var/ and serve it
	$(BIN)/pillarbox --home var up

test: .venv/dev.stamp peers     ## The tests, in random order, then the coverage gate
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest -n auto -m "not fuzz and not interop" $(ARGS)
	$(PY) -m coverage combine --quiet
	$(PY) -m tools.coverage_gate

check: .venv/dev.stamp          ## Format, lint, types, layers, catalogue and docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(TREES)
	$(BIN)/lint-imports --no-cache
	$(PY) -m tools.catalogue check
	$(PY) -m tools.docs_check

bench: .venv/dev.stamp          ## Measure; the numbers depend on the machine
	$(PY) -m bench $(ARGS)

bench-timing: .venv/dev.stamp   ## Whether the time of a refusal tells who has an account
	$(PY) -m bench.timing.compare $(ARGS)

bench-defence: .venv/dev.stamp  ## What others notice while hydra guesses
	$(PY) -m bench.defence.measure $(ARGS)

bench-releases: .venv/dev.stamp ## What is slower here than in another checkout (ARGS)
	$(PY) -m bench.releases.compare $(ARGS)

interop: .venv/dev.stamp peers  ## The full kill matrices and the slower real programs
	$(PYTEST) -m interop $(ARGS)

fuzz: .venv/dev.stamp           ## A model side by side, every target for a minute, properties at length
	$(PY) -m tests.model.run --steps 1000000
	$(PY) -m fuzz --seconds 60
	$(PYTEST) -m "fuzz or hypothesis" --hypothesis-profile=fuzz $(ARGS)

sizes: .venv/dev.stamp          ## The longest files and functions: a mirror, not a gate
	$(PY) -m tools.sizes

catalogue: .venv/dev.stamp      ## Bring the message catalogues up to date with the code
	$(PY) -m tools.catalogue update

format: .venv/dev.stamp         ## Lay the code out and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:                           ## Make requirements/*.txt anew from pyproject.toml
	$(PYTHON) -m venv --without-pip .lock-venv
	$(PYTHON) -m pip --python .lock-venv/bin/python install --quiet $(UV)
	sh tools/lock.sh .lock-venv/bin/uv $(ARGS)
	rm -rf .lock-venv

clean:                          ## Remove what make made, the home in var/ excepted
	rm -rf .venv .lock-venv .sslyze .unpacked .fuzz dist build .coverage .coverage.* htmlcov
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

help:                           ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# Real mail programs to talk to, where the machine lets us have them.
peers: .sslyze/stamp
	@if [ -x tests/peers/install.sh ]; then tests/peers/install.sh; fi

# A scanner that wants other versions than we do. Without it, the tests that need it skip.
.sslyze/stamp: requirements/sslyze.txt
	@rm -rf .sslyze && $(PYTHON) -m venv --without-pip .sslyze
	@$(PYTHON) -m pip --disable-pip-version-check --python .sslyze/bin/python install --quiet \
		--require-hashes -r $< && touch $@ \
		|| { rm -rf .sslyze; echo "peers: no sslyze; the tests that need it skip." >&2; }

# The environment is made without ensurepip: a bare Debian has python3 and pip, but not python3-venv.
$(PY):
	$(PYTHON) -m venv --without-pip .venv

.venv/run.stamp: requirements/run.txt pyproject.toml | $(PY)
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
