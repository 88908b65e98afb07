# Two commands: `make lab` and `make test`. Everything else is a part of them.
#
# Needs python3 (3.10 or newer) and make; `make setup` brings the rest into .venv and labextension/node_modules.
# Each step leaves a stamp, so nothing is done twice.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

# `make newest` uses another environment and another lock.
VENV := .venv
LOCK := requirements/dev.txt
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1
# The Node that Playwright brings needs a library that a bare Debian has not.
export PLAYWRIGHT_NODEJS_PATH := $(CURDIR)/$(VENV)/bin/node

VENV_READY := $(VENV)/.ready-venv
PYTHON_READY := $(VENV)/.ready-python
BROWSER_READY := $(VENV)/.ready-browser
OLD_SDK := $(VENV)/kfp-1.8
OLD_SDK_READY := $(VENV)/.ready-kfp-1.8
NODE_READY := labextension/node_modules/.package-lock.json
BUNDLE := jupyter_kfp_mt/labextension/package.json
BUNDLE_SOURCES := $(shell find labextension/src labextension/style labextension/schema -type f 2>/dev/null) \
	labextension/package.json labextension/tsconfig.json
ROOT_OK := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

.PHONY: lab
lab: setup ## Open JupyterLab with the panel on the embedded server; ARGS="--no-browser --port=9999"
	JUPYTER_KFP_MT_EMBEDDED=auto jupyter lab $(ROOT_OK) --ServerApp.root_dir=notebooks $(ARGS)

.PHONY: test
test: setup $(BROWSER_READY) $(OLD_SDK_READY) ## Run all tests: Python, TypeScript, browser, notebooks
	KFP_1_8_PYTHON=$(CURDIR)/$(OLD_SDK)/bin/python python scripts/test.py

.PHONY: check
check: setup ## The faster part of `make test`, without a browser: for every commit
	python scripts/test.py --fast

.PHONY: pictures
pictures: setup $(BROWSER_READY) ## Take the pictures of the docs again, in a real browser
	PICTURE_SCALE=1.25 python -m pytest -q $(addprefix ui-tests/test_,looks.py no_token.py unclear.py warnings.py)
	@cp $(addprefix ui-tests/results/,$(notdir $(wildcard docs/images/*.png))) docs/images/

.PHONY: demo
demo: setup ## Run the digits pipeline on the embedded server, in this terminal
	@bash scripts/demo.sh

.PHONY: cluster
cluster: setup ## JupyterLab on a recorded cluster, as in a notebook's pod; ARGS="plain --no-browser"
	python -m tests.replay $(ROOT_OK) $(ARGS)

.PHONY: bench
bench: setup ## Measure speed against the official SDK, side by side
	python -m benchmarks $(ARGS)

.PHONY: soak
soak: setup ## A hostile tenant beside three honest ones for 30 minutes; ARGS=5m
	python -m benchmarks.hostile $(ARGS)

.PHONY: kills
kills: setup ## Three tenants, mixed pipelines, random kill -9 for 30 minutes; ARGS="--minutes 5"
	python -m benchmarks.soak $(ARGS)

.PHONY: chaos
chaos: setup ## Press Run 1,000 times on broken networks, kill the server, a minute of soak; PRESSES=200
	KFP_TESTS=full KFP_CHAOS_PRESSES=$(or $(PRESSES),1000) python -m pytest -q \
		tests/service/test_chaos.py tests/service/test_chaos_restarts.py tests/engine/test_crash.py
	python -m benchmarks.hostile 60s

.PHONY: fuzz
fuzz: setup ## Many odd requests and random pipelines, other ones each time, and every contract case; EXAMPLES=3000
	KFP_TESTS=full KFP_FUZZ_EXAMPLES=$(or $(EXAMPLES),3000) python -m pytest -q --timeout=3600 \
		tests/fuzz tests/embedded/test_robustness.py tests/contract/test_other_server.py \
		tests/server/test_with_embedded.py

.PHONY: clean
clean: ## Remove everything that was set up or built
	rm -rf .venv .venv-newest .venv-lock labextension/node_modules labextension/lib labextension/tsconfig.tsbuildinfo jupyter_kfp_mt/labextension

.PHONY: lock
lock: ## Renew the pinned versions of the development environment (requirements/*.txt)
	@bash scripts/lock.sh pyproject.toml requirements/dev.txt --all-extras
	@bash scripts/lock.sh requirements/kfp-1.8.in requirements/kfp-1.8.txt

.PHONY: newest
newest: ## Run all tests with the newest versions that pyproject.toml allows, in .venv-newest
	@rm -rf .venv-newest .venv-newest.txt
	@bash scripts/lock.sh pyproject.toml .venv-newest.txt --all-extras
	@diff requirements/dev.txt .venv-newest.txt || echo "↑ newer than the lock"
	@$(MAKE) test VENV=.venv-newest LOCK=.venv-newest.txt

.PHONY: setup
setup: $(PYTHON_READY) $(BUNDLE) ## Install what is needed, once

$(VENV_READY): $(LOCK) scripts/venv.sh
	@echo "→ Python packages, as locked (once, a few minutes)"
	@bash scripts/venv.sh $(VENV) $(LOCK)
	@touch $@

$(NODE_READY): labextension/package-lock.json | $(VENV_READY)
	@echo "→ JavaScript packages"
	@cd labextension && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUNDLE): $(BUNDLE_SOURCES) $(NODE_READY)
	@echo "→ JupyterLab extension"
	@cd labextension && npm run --silent build:prod > ../$(VENV)/build.log 2>&1 || { cat ../$(VENV)/build.log; exit 1; }
	@touch $@

$(PYTHON_READY): pyproject.toml $(VENV_READY) | $(BUNDLE)
	@echo "→ this package"
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1 python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@rm -rf $(VENV)/share/jupyter/labextensions/jupyter-kfp-mt
	@ln -s $(CURDIR)/jupyter_kfp_mt/labextension $(VENV)/share/jupyter/labextensions/jupyter-kfp-mt
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}' \
		> $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

$(OLD_SDK_READY): requirements/kfp-1.8.txt $(VENV_READY)
	@echo "→ the 1.8 SDK, in an environment of its own"
	@bash scripts/venv.sh $(OLD_SDK) requirements/kfp-1.8.txt
	@touch $@

$(BROWSER_READY): | $(VENV_READY)
	@bash scripts/browser.sh
	@touch $@
