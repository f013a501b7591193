# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make help` lists the targets. The tools' settings are in pyproject.toml, the steps of the checks in noxfile.py.

.DEFAULT_GOAL := help
.PHONY: help demo test test-checks test-tests test-all session lint importer sanity unit integration fleet crash molecule bench bench-fleet bench-rotation bench-profiles docs lock build release clean

# No interpreter is ever downloaded: the machine's own are used.
export UV_PYTHON_DOWNLOADS := never
# Nor is anything compiled twice, whatever the machine's environment says.
unexport PYTHONDONTWRITEBYTECODE
UV := .venv/bin/uv
NOX := .venv/bin/nox
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--custom-compile-command 'make lock'

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.demo ## Bootstrap a simulated cluster and a fleet of five SSH hosts, twice
	PYTHONPATH=tests .venv/bin/python -m demo

test: .venv/.nox ## Run the checks and a sample of everything, on the oldest and the newest ansible-core; minutes. PROBE=report.json: tests/integration as on that cluster
ifdef PROBE
	$(NOX) --session probe -- $(abspath $(PROBE))
else
	@$(MAKE) --no-print-directory --jobs 2 --keep-going test-checks test-tests
endif

# Side by side, since the checks rarely keep more than one core busy. What they print comes in one piece.
test-checks: .venv/.nox
	@$(NOX) --tags checks >.venv/checks.txt 2>&1; status=$$?; cat .venv/checks.txt; exit $$status
test-tests: .venv/.nox
	@$(NOX) --tags tests

test-all: .venv/.nox ## Run the sample on every ansible-core and Python that there is, and everything on the two; hours
	$(NOX) --tags all

session: .venv/.nox ## Run one session of nox: SESSION=sanity-2.18; `.venv/bin/nox --list` shows them
	$(NOX) --session $(SESSION)

lint: .venv/.nox ## Run ruff, mypy, ansible-lint, the documentation's and the changelog's checks
	$(NOX) --session lint

importer: .venv/.nox ## Run galaxy-importer on the tarball
	$(NOX) --session importer

sanity: .venv/.nox ## Run ansible-test sanity
	$(NOX) --session sanity

unit integration fleet: .venv/.nox
	$(NOX) --session test-newest -- tests/$@ $(ARGS)
unit: ## Run tests/unit on the newest ansible-core; ARGS="-k durations" picks
integration: ## Run tests/integration, likewise
fleet: ## Run tests/fleet, likewise

crash: .venv/.nox ## Cut runs off at every point there is; `make test` tries a sample
	$(NOX) --session crash -- -rP $(ARGS)

molecule: .venv/.nox ## Run the molecule scenarios; ARGS="-s influxctl" picks
	$(NOX) --session molecule -- $(ARGS)

bench: .venv/.nox ## Measure whole clusters in one task against loops: hours; ARGS=--quick takes minutes, --help lists the rest
	$(NOX) --session bench -- $(ARGS)

bench-fleet: .venv/.nox ## Measure what a fleet costs the controller, to 1,000 hosts: an hour; ARGS="--hosts 20 --times 1"
	$(NOX) --session bench-fleet -- $(ARGS)

bench-rotation: .venv/.nox ## Measure the rotation of a fleet over SSH against copying a file; ARGS="--hosts 20"
	$(NOX) --session bench-rotation -- $(ARGS)

bench-profiles: .venv/.nox ## Measure profiles on a fleet against Ansible's ping; ARGS="--hosts 5 --runs 1" takes a minute
	$(NOX) --session bench-profiles -- $(ARGS)

docs: .venv/.nox ## Build the documentation site in build/docs, and look at its pages in a browser
	$(NOX) --session docs

lock: .venv/.uv ## Renew the exact versions in requirements/*.txt
	cd requirements && for name in uv demo nox test test-oldest test-2.17 test-2.18 test-2.19 test-2.20 test-devel bench docs molecule importer check; do \
		../$(COMPILE) $$name.in --output-file $$name.txt || exit; done
	@# On Windows, this ansible-lint wants a package that was withdrawn.
	cd requirements && ../$(filter-out --universal,$(COMPILE)) certified.in --output-file certified.txt

build: .venv/.demo ## Build the collection's tarball in build/
	@PYTHONPATH=tests .venv/bin/python -m harness.install build

release: .venv/.nox ## Check, build and tag VERSION=1.2.3 in a clone; with PUBLISH=yes keep the commit and the tag
	$(NOX) --session release -- $(VERSION) $(if $(filter yes,$(PUBLISH)),--publish)

clean: ## Remove all that the other targets made
	rm -rf .ansible .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .venv build

.venv/.uv: requirements/uv.txt
	@for python in python3 python3.13 python3.12 python3.11; do \
		if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "$$python -m venv .venv"; $$python -m venv .venv && exit; fi; \
	done; echo 'This needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv).' >&2; exit 1
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv/.%: requirements/%.txt .venv/.uv
	$(UV) pip install --quiet --python .venv --requirement $<
	@touch $@
