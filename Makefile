# Wraps what Snakemake users type themselves (see README.md): nothing here that cannot be done without make.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
# With conda on PATH every rule runs in its environment from envs/; else, or with CONDA= , the tools come from PATH.
CONDA := $(shell command -v conda >/dev/null 2>&1 && echo --use-conda)
SNAKEMAKE = $(BIN)/snakemake --cores $(CORES) $(CONDA)

.DEFAULT_GOAL := help
.PHONY: help setup demo first-answer test soak lint docs dockerfile bench gpu clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' Makefile

setup: .venv/ready ## install the Python packages and BLAST+, and run nothing
	@$(if $(CONDA),,sh envs/setup.sh blast)

demo: setup ## run the main job on the embedded data; write results/report.html and print the main table
	$(SNAKEMAKE) --report results/report.html --report-after-run
	@cat results/tables/summary.txt
	@echo "Report: $(CURDIR)/results/report.html"

first-answer: setup ## run config/first-answer.yaml for hours; write what it found into reports/first-answer and README.md
	$(SNAKEMAKE) all write_abstract --configfile config/first-answer.yaml
	$(BIN)/python scripts/publish_abstract.py results/abstract reports/first-answer README.md
	@cat results/tables/summary.txt

test: .venv/tests ## run the tests
	@sh envs/setup.sh blast
	$(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python -m pytest -m gpu workflow_tests/unit/training/test_gpu.py

soak: .venv/tests ## kill, starve, damage, fuzz and simulate at length: about three hours, see workflow_tests/README.md
	@sh envs/setup.sh blast
	$(BIN)/python -m pytest -m soak -s
	$(BIN)/python -m pytest workflow_tests/unit/test_fuzz.py --hypothesis-profile soak

lint: .venv/tests ## check the style of the code and of the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=scripts $(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow rules
	$(BIN)/snakemake --lint

docs: .venv/ready ## write config/defaults.yaml and the tables of config/README.md from the schema
	PYTHONPATH=scripts $(BIN)/python -m linguist.config.docs

dockerfile: .venv/ready ## write Dockerfile from envs/ (needs conda)
	@text=$$($(BIN)/snakemake --containerize) && \
	    printf '%s\n' "$$text" | awk '{ print } /^FROM/ { print "ARG CONDA_OVERRIDE_CUDA" }' > Dockerfile

bench: .venv/ready ## compare speed with the usual ways, as ratios in one run
	@for benchmark in workflow_tests/benchmarks/*.py; do $(BIN)/python $$benchmark || exit 1; done

gpu: .venv/tests ## test on a GPU and measure the speed there, in ten minutes
	$(BIN)/python workflow_tests/check_gpu.py

clean: ## delete all results of this folder; the environment stays
	rm -rf results logs benchmarks preview .snakemake

.venv/ready: requirements.txt
	@sh envs/setup.sh python "$(PYTHON)" .venv

.venv/tests: .venv/ready workflow_tests/requirements.txt
	@sh envs/setup.sh tests .venv
