# Needs only make and Python of at least 3.11 with venv. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
QUANCHENG_HOME ?= .quancheng
STAND := $(PY) -m tests.stand run --
.DEFAULT_GOAL := help
.PHONY: help run test unit reset lint format bench bench-quick corpus soak tamper s3-contract contract setup setup-dev lock secrets

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1|\2/' | \
		while IFS='|' read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done

run: setup ## Start everything on this machine: database, folder store, jobs, demo, console on 127.0.0.1
	@exec $(PY) quancheng.py serve

# Processes of the product that tests start load what the first one compiled, also where Python is told to keep nothing.
test unit: export PYTHONDONTWRITEBYTECODE =

# Modules begin in the order of the folders: those of e2e are few and long, and must not be left for the end. One more
# than the two cores that the suite is made for: a test that waits, for a browser or a process, leaves its core to another.
test: setup-dev ## Run every test: unit first, then the rest on real parts
	$(PY) -m pytest tests/unit -q -n 2 --max-worker-restart 0
	$(STAND) $(PY) -m pytest tests --ignore tests/unit -q -n 3 --dist loadscope --no-loadscope-reorder \
		--max-worker-restart 0

unit: setup-dev ## Run only the unit tests: seconds, no sockets
	$(PY) -m pytest tests/unit -q -n 2 --max-worker-restart 0

reset: ## Delete the local data folder; refuses while the product runs, asks when a person is there
	@[ ! -d "$(QUANCHENG_HOME)" ] && { echo 'There is no $(QUANCHENG_HOME).'; exit 0; }; \
	if [ -t 0 ]; then printf 'Delete all data in %s? [y/N] ' "$(QUANCHENG_HOME)"; read -r answer; \
		[ "$$answer" = y ] || { echo 'Kept.'; exit 0; }; fi; \
	if [ -d "$(QUANCHENG_HOME)/postgres" ]; then $(PY) -m tests.stand stop "$(QUANCHENG_HOME)/postgres" || exit; fi; \
	rm -rf -- "$(QUANCHENG_HOME)" && echo 'Deleted.'

lint: setup-dev ## Check style, types and the dependency law
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: setup-dev ## Put every file into the formatter's form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: setup-dev ## Measure all the figures, each beside a named peer in the same run (bench/README.md)
	$(PY) -m tests.stand run --durable -- $(PY) bench/upload.py
	$(PY) -m tests.stand run --durable -- $(PY) bench/line.py
	$(PY) -m tests.stand run --durable -- $(PY) bench/work.py
	$(PY) -m tests.stand run --durable -- $(PY) bench/integrity.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/log.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/desks.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/names.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/pages.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/looks.py
	$(PY) -m tests.stand run --parts database -- $(PY) bench/fsck.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/shares.py
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/login.py
	$(PY) bench/reuse.py
	$(PY) bench/audit.py

bench-quick: setup-dev ## Some of them, on a tenth of the load
	$(PY) -m tests.stand run --durable -- $(PY) bench/upload.py --quick
	$(PY) -m tests.stand run --durable -- $(PY) bench/line.py --quick
	$(PY) -m tests.stand run --durable -- $(PY) bench/integrity.py --quick --only readers photos drain large
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/log.py --quick
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/desks.py --quick
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/names.py --quick
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/pages.py --quick
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/looks.py --quick
	$(PY) -m tests.stand run --parts database -- $(PY) bench/fsck.py --quick
	$(PY) -m tests.stand run --parts database --durable -- $(PY) bench/login.py --quick
	$(PY) bench/reuse.py --quick
	$(PY) bench/audit.py --quick

corpus: setup-dev ## Make files whose state is known, damaged and odd, and hold the examination against them (tests/corpus/README.md)
	$(PY) -m tests.corpus
	$(PY) -m tests.corpus.alike

soak: setup-dev ## Keep the line under load for SOAK_MINUTES (30), race SOAK_ACTS (10000), interrupt SOAK_STARTS (100), cut an upload SOAK_CUTS (1000) times, walk compose as a new user, walk openapi.json SOAK_WALKS (20) times, look at SOAK_FUZZ (20000) mutated files, ask every route in every place
	$(PY) -m tests.stand run --durable -- $(PY) bench/line.py --soak $(or $(SOAK_MINUTES),30)
	$(PY) -m tests.stand run --parts database --durable -- $(PY) -m tests.race $(or $(SOAK_ACTS),10000)
	$(PY) -m tests.interrupts $(or $(SOAK_STARTS),100)
	$(STAND) $(PY) -m tests.cuts $(or $(SOAK_CUTS),1000)
	$(PY) -m tests.compose_walk
	$(PY) -m tests.stand run --parts database -- $(PY) -m tests.openapi_walk $(or $(SOAK_WALKS),20)
	$(PY) -m tests.fuzz $(or $(SOAK_FUZZ),20000) --seed $$$$
	MATRIX=whole $(PY) -m tests.stand run --parts database -- $(PY) -m pytest -q tests/integration/test_policy_matrix.py

tamper: setup-dev ## Tamper with copies of the real stack in 45 ways and print what names each (tests/tamper/README.md)
	$(PY) -m tests.stand run --parts database -- $(PY) -m tests.tamper

s3-contract: setup-dev ## Hold a folder, MinIO and a second S3 store (or OBJECTS_URL) against the same contract
	$(PY) -m tests.stand run --parts objects second_objects -- $(PY) -m pytest -q tests/integration/test_objects.py tests/integration/test_objects_lock.py

contract: setup-dev ## Write openapi.json, schemas, problems and vectors of mobile_contract/ anew
	$(PY) -m tests.make_contract

setup: $(VENV)/.stamp-run ## Make .venv from the hashed lock
setup-dev: $(VENV)/.stamp-dev

$(VENV)/.stamp-dev: requirements-dev.lock
	@$(MAKE) --no-print-directory LOCK=requirements-dev.lock install
	@touch $(VENV)/.stamp-run $@

$(VENV)/.stamp-run: requirements.lock
	@$(MAKE) --no-print-directory LOCK=requirements.lock install
	@touch $@

.PHONY: install
install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is too old: Python 3.11 or later is needed (make PYTHON=python3.11 …)" >&2; exit 2; }
	@[ -x $(PY) ] || { echo 'Making $(VENV)'; $(PYTHON) -m venv $(VENV); } || \
		{ echo 'python3 has no venv: install it (Debian: apt install python3-venv)' >&2; exit 2; }
	@echo 'Installing from $(LOCK) (about a minute the first time)'
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' '$(CURDIR)/$(PY)' '$(CURDIR)/quancheng.py' > $(VENV)/bin/quancheng
	@chmod +x $(VENV)/bin/quancheng

secrets: .env ## Write .env with fresh random secrets for `docker compose up` (kept if there is one), and beside it what only the set-up reads; LOG_ORIGIN=law.example.cn/log names the log, for ever; otherwise a name is drawn

.env:
	@umask 077; word() { $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(24))'; }; \
	seed() { $(PYTHON) -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'; }; \
	origin='$(LOG_ORIGIN)'; \
	[ -n "$$origin" ] || origin="quancheng.local/$$($(PYTHON) -c 'import secrets; print(secrets.token_hex(5))')"; \
	owner=$$(word); database=$$(word); broker=$$(word); { \
		echo "POSTGRES_PASSWORD='$$owner'"; \
		echo "MIGRATION_DATABASE_URL='postgresql+psycopg://quancheng:$$owner@postgres:5432/quancheng'"; \
	} > $@.owner && { \
		echo "MINIO_ROOT_USER='root-$$(word)'"; \
		echo "MINIO_ROOT_PASSWORD='$$(word)'"; \
	} > $@.provision && { \
		echo "KEEPER_URL='s3+http://keeper:$$(word)@minio:9000/evidence?staging=staging&region=us-east-1'"; \
	} > $@.keeper && { \
		echo "LOG_ORIGIN='$$origin'"; \
		echo "DATABASE_URL='postgresql+psycopg://quancheng_application:$$database@postgres:5432/quancheng'"; \
		echo "OBJECTS_URL='s3+http://services:$$(word)@minio:9000/evidence?staging=staging&region=us-east-1'"; \
		echo "REDIS_PASSWORD='$$broker'"; \
		echo "BROKER_URL='redis://:$$broker@redis:6379/0'"; \
		for key in LOG_KEY REGISTRY_KEY EXPORT_KEY API_TICKET_KEY WORKER_TICKET_KEY SIGNER_TICKET_KEY \
			FACTOR_KEY PERSONAL_KEY; do echo "$$key='$$(seed)'"; done; \
	} > $@.new && mv $@.new $@ && echo 'Wrote $@, $@.owner, $@.provision, $@.keeper: keep a copy in a safe place, the keys sign your evidence'

lock: setup-dev ## Resolve the dependencies anew into the two hashed locks
	$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --fork-strategy fewest pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --fork-strategy fewest --extra dev -c requirements.lock pyproject.toml \
		-o requirements-dev.lock
