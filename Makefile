# Everything that one does here is a target; `make` alone lists them.
PYTHON := .venv/bin/python
# The environments are made on demand, and again when their requirements change.
DEMO := @sh requirements/install.sh .venv requirements/demo.txt requirements/dev.txt
DEV := @sh requirements/install.sh .venv requirements/dev.txt
CHECKOV := @sh requirements/install.sh .venv-checkov requirements/checkov.txt
LAYERS := .venv/bin/lint-imports
# Settings as production has them, for the checks only; nothing connects to these.
PRODUCTION := PORTAL_ENVIRONMENT=production PORTAL_BASE_URL=https://portal.example.com \
	PORTAL_SECRET_KEY=for-the-checks-only-0123456789-abcdefghijklmnopqrstuvwxyz \
	PORTAL_AUDIT_KEY=for-the-checks-alone-0123456789-abcdefghijklmnopqrstuvwxyz \
	PORTAL_SEALING_SECRET=sealing-in-the-checks-alone-0123456789-abcdefghijklmnop \
	PORTAL_AWS_ACCOUNT_ID=999900001111 PORTAL_AWS_PRINCIPAL_ARN=arn:aws:iam::999900001111:role/portal \
	PORTAL_AZURE_IMAGE_GALLERY=enclaves-0123abcd PORTAL_SMTP_HOST=mail.example.com \
	PORTAL_GATEWAY_URLS=wss://gateway.example.com:8443 PORTAL_GATEWAY_SSH=gateway.example.com:2222 \
	PORTAL_AGENT_SHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 \
	PORTAL_SIGNER_URL=http://signer.internal:8001 \
	PORTAL_SIGNER_SECRET=signer-in-the-checks-alone-0123456789-abcdefghijklmnopqr \
	DATABASE_URL=postgresql://portal_app@localhost/portal \
	DATABASE_SYSTEM_URL=postgresql://portal_system@localhost/portal
# A person's own exports do not reach the project's tools.
export PORTAL_PYTHON
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help demo code run test check lint types agent screenshots bench soak fuzz lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: ## Start everything with pretend clouds and two tenants; Ctrl-C ends it
	$(DEMO)
	@exec $(PYTHON) manage.py demo --ends-with-parent $(ARGS)

code: ## Show what the authenticator app of one of the demo's people shows now: make code WHO=grace@acme.example
	@$(PYTHON) manage.py demo_code $(WHO)

run: ## Start the portal for development, with settings from the environment
	$(DEMO)
	@exec $(PYTHON) manage.py run --ends-with-parent $(ARGS)

test: ## Run the tests (ARGS="tests/tenants -k policy" for some)
	$(DEV)
	@exec $(PYTHON) -m pytest -n auto --no-loadscope-reorder $(ARGS)

check: ## Check layers, production settings and that no migration is missing
	$(DEV)
	$(LAYERS)
	@$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	@$(PRODUCTION) $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

lint: ## Check style and layers, and the templates that tenants apply
	$(DEV)
	$(CHECKOV)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(LAYERS)
	rm -rf .run/templates
	$(PYTHON) -m enclaves.blueprints write .run/templates
	.venv/bin/cfn-lint '.run/templates/*.yaml'
	.venv-checkov/bin/python -m checkov.main --directory .run/templates --framework cloudformation arm \
		--skip-download --quiet --compact

types: ## Check types
	$(DEV)
	$(PYTHON) -m mypy

agent: ## Make the one file that hosts run, .run/agent/enclave-agent.pyz
	$(DEV)
	@rm -rf .run/agent
	@$(PYTHON) -m uv pip install --quiet --system-certs --target .run/agent/packages --python-version 3.9 --no-build \
		--require-hashes --requirement requirements/agent.txt
	@$(PYTHON) -m agent.build .run/agent/packages .run/agent/enclave-agent.pyz

screenshots: ## Take pictures of the main pages into docs/screenshots
	$(DEV)
	@exec $(PYTHON) -m benchmarks.screenshots $(ARGS)

bench: ## Measure what signs, sessions on hosts, and the API
	$(DEV)
	@exec $(PYTHON) -m benchmarks $(ARGS)

soak: ## Run the long tests, then the demo under load and faults (ARGS="--minutes 30")
	$(DEV)
	$(PYTHON) -m pytest -n auto --no-loadscope-reorder -m soak
	@exec $(PYTHON) -m benchmarks.soak $(ARGS)

fuzz: ## Ask the API of a demo what its document does not promise (ARGS="--minutes 5")
	$(DEV)
	@exec $(PYTHON) -m benchmarks.fuzz $(ARGS)

lock: ## Write the requirement files anew from pyproject.toml
	$(DEV)
	sh requirements/lock.sh $(PYTHON)

clean: ## Forget the data and everything that was made; the environments stay
	rm -rf .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
