# What people do with a fresh clone. `make help` lists it.
SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
# The lock has one set of versions for all of these (docs/development.md says what a further one needs).
PYTHONS := 3.11 3.12 3.13
# The environment keeps its Python; one that is named (make PYTHON=python3.12) replaces an environment of another version.
PYTHON ?= $(or $(wildcard $(BIN)/python),python3)
VERSION := $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0].rpartition(".")[0] + sys.abiflags)' 2>/dev/null)
# CUDA=no leaves out what only a GPU needs: PyTorch's build for processors is not in the lock, it comes from PyTorch's own
# index. The environment keeps this choice, too.
CUDA ?= $(if $(findstring no-cuda,$(shell cat $(VENV)/.python 2>/dev/null)),no,yes)
KIND := $(VERSION)$(if $(filter no,$(CUDA)),-no-cuda)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
FOR_CUDA := ^(torch|torchvision|triton|cuda-[a-z-]+|nvidia-[a-z0-9-]+)==
# One stamp per kind and lock: a changed lock is installed, an unchanged one never again.
STAMP := $(VENV)/.installed-$(KIND)-$(shell sha256sum requirements.lock | cut -c1-16)
PIP := $(BIN)/python -m pip install --use-pep517 --disable-pip-version-check --progress-bar off
# Of what pip says, packages of 100 MB and more are signs of life; all of it is told where it fails.
SHORT := sed -unE 's/^ *(Downloading|Using cached) (.*\/)?([^- ]+)-.* \(([0-9]{3,}\.[0-9] MB)\)/  \3: \4/p; s/^Installing collected.*/  unpacking: minutes/p'
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
	@[ "$$(cat $(VENV)/.python 2>/dev/null)" = $(KIND) ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo $(KIND) >$(VENV)/.python
	@echo "Installing what requirements.lock lists into $(VENV), for Python $(VERSION): $(if $(filter no,$(CUDA)),some 3,8) GB, 2 to 15 minutes."
	@echo "Where it is interrupted, the same command goes on."
	@set -o pipefail; { $(if $(filter no,$(CUDA)),$(WITHOUT_CUDA),$(PIP) --require-hashes -r requirements.lock); } 2>&1 | tee $(VENV)/install.log | $(SHORT) \
	    || { tail -n 30 $(VENV)/install.log >&2; exit 1; }
	@rm -f $(VENV)/.installed-*
	@touch $@

# The lock without what only a GPU needs has gaps, which pip would fill: so nothing that is not in it (--no-deps).
define WITHOUT_CUDA
awk '/^[^ ]/ {kept = $$0 !~ /$(FOR_CUDA)/} kept' requirements.lock >$(VENV)/without-cuda.lock \
    && $(PIP) --no-deps --index-url $(TORCH_INDEX) $$(sed -nE 's/^(torch(vision)?==[^ ]+).*/\1/p' requirements.lock) \
    && $(PIP) --no-deps --require-hashes -r $(VENV)/without-cuda.lock
endef

# Commands of the environment, to be given in a study's folder: why REEL, redo REEL, purge_creators.
COMMANDS := $(addprefix $(BIN)/,why redo purge_creators)

$(COMMANDS): | $(STAMP)
	@ln -sf ../../scripts/$(@F).py $@

study: install $(COMMANDS) ## begin a study of your own: make study DIR=../mystudy
	@[ -n "$$DIR" ] || { echo "Which folder? make study DIR=../mystudy" >&2; exit 2; }
	@$(BIN)/python scripts/begin_study.py -- "$$DIR"

demo: install ## run the demo study, pack a report, and say where the results lie
	@echo "The demo study: its models (0.6 GB, fetched once), then about 4 minutes on two cores."
	@echo "Where it is interrupted, the same command goes on."
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)
	@echo "The report: half a minute."
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --report results/report.zip --quiet
	@echo
	@echo "The demo study is done (synthetic data). Open in a browser first: results/index.html"
	@echo "  atlas:     results/atlas/index.html       (the interactive map)"
	@echo "  figures:   results/figures/map.png, network.png, portraits.png, hypotheses.png, ..."
	@echo "  tables:    results/tables/                (coverage.parquet: what became of every reel)"
	@echo "  one reel:  results/reels/<reel_id>/"
	@echo "  report:    results/report.zip             (unpack it and open report/report.html)"
	@echo "Your own videos: make study DIR=../mystudy  (docs/tutorial.md)"

test: install ## run the tests
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=40 --durations-min=10

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
	$(BIN)/snakefmt --check --diff Snakefile rules workflow
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

format: install ## lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile rules workflow

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
