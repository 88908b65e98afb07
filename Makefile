# Two commands: `make lab` and `make test`. Everything else is a part of them.
#
# Needs python3 (3.10 or newer) and make; `make setup` brings the rest into .venv and labextension/node_modules.
# Each step leaves a stamp, so nothing is done twice.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1
# The Node that Playwright brings needs a library that a bare Debian has not.
export PLAYWRIGHT_NODEJS_PATH := $(CURDIR)/.venv/bin/node

VENV_READY := .venv/.ready-venv
TOOLS_READY := .venv/.ready-tools
PYTHON_READY := .venv/.ready-python
NODE_READY := labextension/node_modules/.package-lock.json
BROWSER_READY := .venv/.ready-browser
OLD_SDK := .venv/kfp-1.8
OLD_SDK_READY := .venv/.ready-kfp-1.8
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
pictures: setup $(BROWSER_READY) ## Take the pictures of the docs anew, in a real browser
	PICTURE_SCALE=1.25 python -m pytest -q $(addprefix ui-tests/test_,looks.py no_token.py unclear.py warnings.py)
	@cp $(addprefix ui-tests/results/,$(notdir $(wildcard docs/images/*.png))) docs/images/

.PHONY: demo
demo: setup ## Run the digits pipeline on the embedded server, in this terminal
	@bash scripts/demo.sh

.PHONY: bench
bench: setup ## Measure speed against the official SDK, side by side
	python -m benchmarks $(ARGS)

.PHONY: soak
soak: setup ## Three tenants, mixed pipelines, random kill -9 for 30 minutes; ARGS="--minutes 5"
	python -m benchmarks.soak $(ARGS)

.PHONY: chaos
chaos: setup ## Press Run 1,000 times while the network breaks and the server is killed; PRESSES=200
	KFP_CHAOS_PRESSES=$(or $(PRESSES),1000) python -m pytest -q tests/service/test_chaos.py tests/service/test_chaos_restarts.py

.PHONY: fuzz
fuzz: setup ## Many odd requests to the embedded server, other ones each time; EXAMPLES=3000
	KFP_FUZZ_EXAMPLES=$(or $(EXAMPLES),3000) python -m pytest -q tests/fuzz tests/embedded/test_robustness.py --timeout=3600

.PHONY: clean
clean: ## Remove everything that was set up or built
	rm -rf .venv labextension/node_modules labextension/lib labextension/tsconfig.tsbuildinfo jupyter_kfp_mt/labextension

.PHONY: setup
setup: $(PYTHON_READY) $(BUNDLE) ## Install what is needed, once

$(VENV_READY):
	@echo "Setting up (once, a few minutes)…"
	@bash scripts/venv.sh
	@touch $@

$(TOOLS_READY): pyproject.toml | $(VENV_READY)
	@echo "→ build tools (hatch, node)"
	@python -m pip install --quiet editables -r <(python scripts/requires.py build)
	@touch $@

$(NODE_READY): labextension/package-lock.json | $(TOOLS_READY)
	@echo "→ JavaScript packages"
	@cd labextension && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUNDLE): $(BUNDLE_SOURCES) $(NODE_READY)
	@echo "→ JupyterLab extension"
	@cd labextension && npm run --silent build:prod > ../.venv/build.log 2>&1 || { cat ../.venv/build.log; exit 1; }
	@touch $@

$(PYTHON_READY): pyproject.toml $(TOOLS_READY) | $(BUNDLE)
	@echo "→ Python packages"
	@python -m pip install --quiet -r <(python scripts/requires.py development)
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1 python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@rm -rf .venv/share/jupyter/labextensions/jupyter-kfp-mt
	@ln -s $(CURDIR)/jupyter_kfp_mt/labextension .venv/share/jupyter/labextensions/jupyter-kfp-mt
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}' \
		> .venv/share/jupyter/lab/settings/overrides.json
	@touch $@

# Its exact pins go together neither with ours nor with those of the new SDK.
$(OLD_SDK_READY): | $(VENV_READY)
	@echo "→ the 1.8 SDK, in an environment of its own"
	@python3 -m venv $(OLD_SDK)
	@$(OLD_SDK)/bin/python -m pip install --quiet "setuptools<81" wheel
	@$(OLD_SDK)/bin/python -m pip install --quiet kfp==1.8.22 kfp-server-api==1.8.5
	@touch $@

$(BROWSER_READY): | $(VENV_READY)
	@bash scripts/browser.sh
	@touch $@
