# What people do with a fresh clone. `make help` lists it.
SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
# The lock has one set of versions for all of these (docs/development.md says what a further one needs).
PYTHONS := 3.11 3.12 3.13
# The environment keeps its Python; one that is named (make PYTHON=python3.12) replaces an environment of another version.
PYTHON ?= $(or $(wildcard $(BIN)/python),python3)
VERSION := $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0].rpartition(".")[0] + sys.abiflags)' 2>/dev/null)
# One stamp per Python and lock: a changed lock is installed, an unchanged one never again.
STAMP := $(VENV)/.installed-$(VERSION)-$(shell sha256sum requirements.lock | cut -c1-16)
export NUMBA_CACHE_DIR := $(CURDIR)/data/numba
CORES ?= all
PROCESSES ?= 2
WHOLE ?= --whole

.PHONY: atlas help install study demo test test-pythons test-cluster test-container test-gpu lint format bench bench-scale bench-gpu calibrate docs lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(STAMP) ## make the environment (.venv) from requirements.lock

# pip keeps what it has downloaded, so an interrupted install goes on where it stopped.
$(STAMP): requirements.lock
	@python=$(PYTHON) version=$(VERSION) supported="$(PYTHONS)" envs/check_python.sh
	@[ "$$(cat $(VENV)/.python 2>/dev/null)" = $(VERSION) ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo $(VERSION) >$(VENV)/.python
	@echo "Installing what requirements.lock lists into $(VENV), for Python $(VERSION): 8 GB, some minutes."
	@$(BIN)/python -m pip install --quiet --quiet --use-pep517 --disable-pip-version-check --require-hashes -r requirements.lock
	@rm -f $(VENV)/.installed-*
	@touch $@

# Commands of the environment, to be given in a study's folder: why REEL, redo REEL, purge_creators.
COMMANDS := $(addprefix $(BIN)/,why redo purge_creators)

$(COMMANDS): | $(STAMP)
	@ln -sf ../../scripts/$(@F).py $@

study: install $(COMMANDS) ## begin a study of your own: make study DIR=../mystudy
	@[ -n "$$DIR" ] || { echo "Which folder? make study DIR=../mystudy" >&2; exit 2; }
	@$(BIN)/python scripts/begin_study.py -- "$$DIR"

demo: install ## run the demo study, pack a report, and say where the results lie
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --report results/report.zip
	@echo
	@echo "The demo study is done (synthetic data)."
	@echo "  map:       results/figures/map.png        network: results/figures/network.png"
	@echo "  tables:    results/tables/                hypotheses: results/hypotheses.json"
	@echo "  coverage:  results/tables/coverage.parquet, printed in results/logs/check_coverage.log"
	@echo "  one reel:  results/reels/<reel_id>/"
	@echo "  atlas:     results/atlas/index.html (open it in a browser)"
	@echo "  report:    results/report.zip (unpack it and open report/report.html)"

test: install ## run the tests
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# WHOLE= (nothing): a study of eight reels in place of the demo and the unit tests.
test-pythons: install ## run the demo and the unit tests on each supported Python that there is
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest tests/pythons $(WHOLE)

test-cluster: install ## run the tests on a real SLURM, which is installed and started (Debian, as root)
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest tests/cluster

test-container: install ## run the steps of Dockerfile and the demo in a Debian root (as root; needs debootstrap)
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest --log-cli-level=INFO tests/container

test-gpu: install ## check what a GPU computes, with random weights of full size (minutes; needs a GPU)
	PATH="$(CURDIR)/$(BIN):$$PATH" python tests/gpu/check.py

lint: install ## check layout, types, and the workflow's own lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check --diff Snakefile rules
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

format: install ## lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile rules

atlas: ## build the atlas's script and style anew (needs Node.js)
	cd atlas && npm ci --no-fund --no-audit && npm run build

bench: install ## measure against the obvious alternatives
	PATH="$(CURDIR)/$(BIN):$$PATH" python tests/bench

bench-scale: install ## measure planning for up to 400,000 creators, and a run of 2,000
	PATH="$(CURDIR)/$(BIN):$$PATH" python tests/bench/scale.py

bench-gpu: install ## measure memory and speed of the models on a GPU (minutes; needs a GPU)
	PATH="$(CURDIR)/$(BIN):$$PATH" python tests/gpu/bench.py

calibrate: install ## measure the level of the tests on synthetic cohorts (writes docs/calibration.md)
	PATH="$(CURDIR)/$(BIN):$$PATH" python scripts/calibrate.py --processes $(PROCESSES) --output docs/calibration.md

docs: install ## write the configuration's schema and reference page
	PATH="$(CURDIR)/$(BIN):$$PATH" python scripts/document_config.py

# One version of each package for all of PYTHONS. The marker that all packages have then is taken out: with it, pip would
# install nothing on another Python or system, without a word.
lock: ## resolve requirements.in anew (needs uv)
	uv pip compile --universal --python-version $(firstword $(PYTHONS)) --fork-strategy fewest --generate-hashes --no-header --quiet requirements.in -o requirements.lock
	sed -i -E "s/ ; python_full_version < '3\.14' and sys_platform == 'linux'//; s/ ; python_full_version < '3\.14' and (.*)/ ; \1/" requirements.lock

clean: ## remove results (the store keeps what was computed)
	rm -rf results
