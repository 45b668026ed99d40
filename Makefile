# `make demo` and `make test` need python3 (3.11 or newer) and make; everything else they install into .venv.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The first of these that is 3.11 or newer is used; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench bench-relevance bench-relevance-search bench-search bench-site fuzz-search clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s:

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found (PYTHON=/path/to/python names one)." >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) >/dev/null 2>&1 || virtualenv -q -p "$(PYTHON)" $(VENV) 2>/dev/null || uv venv -q --seed -p "$(PYTHON)" $(VENV) 2>/dev/null || \
		{ echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	@touch $@

demo: $(READY) ## Crawl an invented sample, index it, serve it at http://127.0.0.1:8000
	@$(BIN)/onrecord demo $(DEMO)

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest -n $(JOBS) $(TESTS)

lint: $(READY) ## Check style, types and the rules of import
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure: crawl, store, index, search, pages, relevance, imports
	@for each in $(filter-out benchmarks/bench_site.py,$(wildcard benchmarks/bench_*.py)); do echo "== $$each"; $(BIN)/python "$$each" || exit 1; done

bench-site: $(READY) ## Measure the served site with wrk, beside Datasette and nginx (wrk and nginx installed)
	@$(BIN)/python benchmarks/bench_site.py

bench-relevance: $(READY) ## Hold the judgement against hand-made labels: LABELS=FILE CORPUS=DIR
	@test -n "$(LABELS)" -a -n "$(CORPUS)" || { echo "make bench-relevance LABELS=FILE CORPUS=DIR (docs/testing.md says what is in them)" >&2; exit 2; }
	@$(BIN)/python benchmarks/bench_relevance.py --labels "$(LABELS)" --corpus "$(CORPUS)"

# The sizes of the invented archive, in posts.
POSTS ?= 10000 100000

bench-search: $(READY) ## Measure the search index beside SQLite FTS5: POSTS="10000 100000", or CORPUS=DIR
	@$(BIN)/python benchmarks/bench_search.py $(if $(CORPUS),--corpus "$(CORPUS)",--posts $(POSTS))

fuzz-search: $(READY) ## Ask 20,000 random queries; fails if one raises or takes more than two seconds
	@$(BIN)/python benchmarks/fuzz_search.py

bench-relevance-search: $(READY) ## Find known items: CORPUS=DIR [QUERIES=FILE] [SCOPE=license|all]
	@test -n "$(CORPUS)" || { echo "make bench-relevance-search CORPUS=DIR (docs/testing.md says what is in it)" >&2; exit 2; }
	@$(BIN)/python benchmarks/bench_relevance_search.py --corpus "$(CORPUS)" $(if $(QUERIES),--queries "$(QUERIES)") $(if $(SCOPE),--scope "$(SCOPE)")

clean: ## Remove the virtual environment and the demonstration's data
	rm -rf $(VENV) demo-data
