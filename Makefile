# What people do with a fresh clone. `make help` lists it.
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One stamp per lock: a changed lock is installed, an unchanged one never again.
STAMP := $(VENV)/.installed-$(shell sha256sum requirements.lock | cut -c1-16)
export NUMBA_CACHE_DIR := $(CURDIR)/data/numba
CORES ?= all
PROCESSES ?= 2

.PHONY: atlas help install demo test test-cluster test-container lint format bench bench-scale calibrate docs lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(STAMP) ## make the environment (.venv) from requirements.lock

# pip keeps what it has downloaded, so an interrupted install goes on where it stopped.
$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Reel Atlas needs Python 3.11 or later; found $$($(PYTHON) --version). Try: make PYTHON=python3.12" >&2; exit 1; }
	@[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@rm -f $(VENV)/.installed-*
	@touch $@

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

test-cluster: install ## run the tests on a real SLURM, which is installed and started (Debian, as root)
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest tests/cluster

test-container: install ## run the steps of Dockerfile and the demo in a Debian root (as root; needs debootstrap)
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest --log-cli-level=INFO tests/container

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

calibrate: install ## measure the level of the tests on synthetic cohorts (writes docs/calibration.md)
	PATH="$(CURDIR)/$(BIN):$$PATH" python scripts/calibrate.py --processes $(PROCESSES) --output docs/calibration.md

docs: install ## write the configuration's schema and reference page
	PATH="$(CURDIR)/$(BIN):$$PATH" python scripts/document_config.py

lock: ## resolve requirements.in anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet requirements.in -o requirements.lock

clean: ## remove results (the store keeps what was computed)
	rm -rf results
