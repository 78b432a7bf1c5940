"""Settings for every environment; what differs comes from environment variables.

docs/operations.md lists the variables. portal/checks.py refuses what would be unsafe in production, and
portal/process_checks.py what only some processes may have.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ.get("PORTAL_ENVIRONMENT", "production")
PRODUCTION = ENVIRONMENT == "production"

SECRET_KEY = os.environ.get("PORTAL_SECRET_KEY", "")
DEBUG = False
BASE_URL = os.environ.get("PORTAL_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = BASE_URL.startswith("https://")
# Whose word Entra takes: it fetches the keys from there, so it must reach it, and over TLS.
ISSUER_URL = os.environ.get("PORTAL_ISSUER_URL", BASE_URL).rstrip("/")
ALLOWED_HOSTS = [host for host in os.environ.get("PORTAL_ALLOWED_HOSTS", "").split(",") if host]
if not ALLOWED_HOSTS:
    ALLOWED_HOSTS = [urlsplit(url).hostname or "127.0.0.1" for url in (BASE_URL, ISSUER_URL)]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "tenants",
    "enclaves",
    "portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.headers.HeadersMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.sessions.watch_sessions",
]
ROOT_URLCONF = "portal.urls"
PROCESS = os.environ.get("PORTAL_PROCESS", "")  # "signer", or empty for all others
if PROCESS == "signer":
    # It talks to gateways and to the portal's own pages, by secrets: no browser, no session, no cookie.
    # The one that stays does nothing there, and allauth does not start without it.
    MIDDLEWARE, ROOT_URLCONF = ["allauth.account.middleware.AccountMiddleware"], "portal.signer_urls"
WSGI_APPLICATION = "portal.asgi.wsgi"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    """Read postgresql://user:password@host:port/name; ``?host=`` may name a socket folder."""
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", parts.hostname or "")),
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": {name: unquote(value) for name, value in query.items()},
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # so that a transaction pooler may stand in between
    }


# Row-level security binds the role of DATABASE_URL; only migrations (and the test suite, whose tables
# they own) connect as the owner. See docs/architecture.md.
_DEFAULT_URL = "DATABASE_OWNER_URL" if os.environ.get("PORTAL_DATABASE_ROLE") == "owner" else "DATABASE_URL"
DATABASES = {
    "default": {**_database(os.environ.get(_DEFAULT_URL, "")), "ATOMIC_REQUESTS": True},
    # The same database by another role; tests make and empty it through the owner.
    "system": {**_database(os.environ.get("DATABASE_SYSTEM_URL", "")), "TEST": {"MIRROR": "default"}},
}
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "portal.cache.SteadyCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}
CELERY_TIMEZONE = "UTC"
# What has open pages look again; tenants know no streams.
LIVE_NUDGE = "enclaves.provisioning.live.nudge"
# What ends at once when a tenant is frozen.
ON_FREEZE = "enclaves.services.access.end_for_freeze"
# What looks again at somebody who lost a role, or left.
ON_DEPARTURE = "enclaves.provisioning.grants.look_at_grants_of"
CELERY_TASK_DEFAULT_QUEUE = "rest"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "enclaves.tasks.sweep", "schedule": 2.0, "options": {"expires": 2}},
    "post": {"task": "tenants.tasks.post", "schedule": 10.0, "options": {"expires": 10}},
    "tidy": {"task": "tenants.tasks.tidy", "schedule": 600.0, "options": {"expires": 600}},
}

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tenants.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "tenants.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if PRODUCTION else "optional"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # else a session left open gives the account away, by its address
ACCOUNT_REAUTHENTICATION_TIMEOUT = 0  # seconds beside our own rule, which tenants.adapter gives allauth
# Guesses are counted by tenants.lockout, which nobody can use against others behind the same address.
ACCOUNT_RATE_LIMITS = {"login_failed": "100/5m/key", "login": None}
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("PORTAL_TRUSTED_PROXIES", "1" if HTTPS else "0"))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"}  # nothing to guess, and an office shares its address
# In production nobody signs in before their first address is confirmed; a later one may wait for its letter.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Enclave Portal"
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "tenants.factors.FactorAdapter"
MFA_FORMS = {
    "authenticate": "tenants.factors.CodeForm",
    "reauthenticate": "tenants.factors.CodeAgainForm",
    "add_webauthn": "tenants.factors.AddPasskeyForm",
    "authenticate_webauthn": "tenants.factors.PasskeyForm",
    "reauthenticate_webauthn": "tenants.factors.PasskeyAgainForm",
    "login_webauthn": "tenants.factors.PasskeyAloneForm",
}

SMTP_HOST = os.environ.get("PORTAL_SMTP_HOST", "")
_SMTP = {
    "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "OPTIONS": {
        "host": SMTP_HOST,
        "port": int(os.environ.get("PORTAL_SMTP_PORT", "587")),
        "username": os.environ.get("PORTAL_SMTP_USER", ""),
        "password": os.environ.get("PORTAL_SMTP_PASSWORD", ""),
        "use_tls": True,
        "timeout": 10,
    },
}
OUTBOX = Path(os.environ.get("PORTAL_OUTBOX", BASE_DIR / ".run" / "mail"))  # outside of production
_FILES = {"BACKEND": "portal.outbox.EmailBackend", "OPTIONS": {"folder": OUTBOX}}
MAILERS = {"default": _SMTP if PRODUCTION else _FILES}
DEFAULT_FROM_EMAIL = os.environ.get("PORTAL_MAIL_FROM", "Enclave Portal <portal@localhost>")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.BearerAuthentication",
        "tenants.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.Schema",
    "EXCEPTION_HANDLER": "tenants.api.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Enclave Portal",
    "DESCRIPTION": "Register cloud accounts, prove them, deploy into them, and watch.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "AccessEnd": "enclaves.lifecycle.AccessEnd",
        "AccessSide": "enclaves.models.AccessRequest.Side",
        "AccessState": "enclaves.lifecycle.AccessState",
        "AccountState": "enclaves.lifecycle.AccountState",
        "EnclaveState": "enclaves.lifecycle.EnclaveState",
        "DeploymentState": "enclaves.lifecycle.DeploymentState",
        "HostState": "enclaves.lifecycle.HostState",
        "OperationState": "enclaves.lifecycle.OperationState",
        "InvitationState": "tenants.api.serializers.INVITATION_STATES",
        "TokenState": "tenants.api.serializers.TOKEN_STATES",
        "Roles": "tenants.models.ROLE_CHOICES",
        "StaffRoles": "tenants.models.STAFF_ROLE_CHOICES",
        "OperationKind": "enclaves.models.Operation.Kind",
        "NotificationKind": "tenants.api.telling.KINDS",
        "StepState": "enclaves.api.serializers.operations.STEP_STATES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "enclaves.api.document.complete",
    ],
}

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".run" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
# Else each client of a test would look through all files first, which takes longer than the test.
WHITENOISE_AUTOREFRESH = ENVIRONMENT == "test"

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = int(os.environ.get("PORTAL_HSTS_SECONDS", "31536000")) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
# The prefix makes the browser refuse such a cookie from any other host, also from one of our own domain.
_COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # what we say is in no cookie
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes; a deployment spec may have 256 kB
DATA_UPLOAD_MAX_NUMBER_FILES = 0  # no page takes files

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# The vendor's own identity in AWS: whom the templates of the tenants trust, and who publishes host images.
AWS_ACCOUNT_ID = os.environ.get("PORTAL_AWS_ACCOUNT_ID", "")
AWS_PRINCIPAL_ARN = os.environ.get("PORTAL_AWS_PRINCIPAL_ARN", "")
AWS_ENDPOINT_URL = os.environ.get("PORTAL_AWS_ENDPOINT_URL", "")
# Encrypts the private halves of the issuer's keys. Only the worker signs, so only the worker has it.
SIGNING_SECRET = os.environ.get("PORTAL_SIGNING_SECRET", "")
# Locks the keys that open hosts to people, provisioning/authorities.py. For the signer and the worker alone.
SSH_SECRET = os.environ.get("PORTAL_SSH_SECRET", "")
SSH_OLD_SECRETS = [secret for secret in os.environ.get("PORTAL_SSH_OLD_SECRETS", "").split(",") if secret]
# Where gateways ask, and which of the portal's processes may: the signer serves nobody else.
GATEWAY_SECRET = os.environ.get("PORTAL_GATEWAY_SECRET", "")  # of gateways, to the signer
SIGNER_SECRET = os.environ.get("PORTAL_SIGNER_SECRET", "")  # of the pages and the API, to the signer
SIGNER_URL = os.environ.get("PORTAL_SIGNER_URL", "").rstrip("/")  # empty: no certificates are made
# What a host is told at its birth, and how people call the gateway; empty: hosts get no agent.
GATEWAY_URLS = [url for url in os.environ.get("PORTAL_GATEWAY_URLS", "").split(",") if url]  # wss://…
AGENT_SHA256 = os.environ.get("PORTAL_AGENT_SHA256", "")  # of the agent's file that gateways serve
GATEWAY_SSH = os.environ.get("PORTAL_GATEWAY_SSH", "")  # host:port
HOST_LOGIN = os.environ.get("PORTAL_HOST_LOGIN", "enclave")
# The clouds' certificates for identity documents: aws/<region>.pem, azure/roots.pem, azure/intermediates.pem.
IDENTITY_CERTIFICATES = os.environ.get("PORTAL_IDENTITY_CERTIFICATES", "")
# The domain in the names of hosts (spiffe://…): the portal's own, and never changed.
TRUST_DOMAIN = os.environ.get("PORTAL_TRUST_DOMAIN", "") or urlsplit(BASE_URL).hostname or "localhost"
# Signs checkpoints of the audit, also those that a page asks for: all processes have it, no row has.
AUDIT_KEY = os.environ.get("PORTAL_AUDIT_KEY", "")
AUDIT_OLD_KEYS = [key for key in os.environ.get("PORTAL_AUDIT_OLD_KEYS", "").split(",") if key]  # public
# Encrypts what the portal must read again: the secrets of authenticator apps and of single sign-on.
SEALING_SECRET = os.environ.get("PORTAL_SEALING_SECRET", "")
SEALING_OLD_SECRETS = [old for old in os.environ.get("PORTAL_SEALING_OLD_SECRETS", "").split(",") if old]
# Lets a sign-on lead to a pretend identity provider on this machine, without TLS.
SIGN_ON_LOOPBACK = os.environ.get("PORTAL_SIGN_ON_LOOPBACK", "") == "1"
AZURE_IMAGE_GALLERY = os.environ.get("PORTAL_AZURE_IMAGE_GALLERY", "")  # its public name
# Of a pretend Azure; empty means the real one.
AZURE_AUTHORITY_URL = os.environ.get("PORTAL_AZURE_AUTHORITY_URL", "").rstrip("/")
AZURE_ARM_URL = os.environ.get("PORTAL_AZURE_ARM_URL", "").rstrip("/")
AZURE_CA_FILE = os.environ.get("PORTAL_AZURE_CA_FILE", "")
# By cloud, the line that plays a tenant's cloud admin in a demo; file and account are put behind it.
SANDBOX_APPLY = {
    cloud: os.environ.get(f"PORTAL_SANDBOX_APPLY_{cloud.upper()}", "") for cloud in ("aws", "azure")
}

# How long a worker may hold a piece of work without a sign of life before another one takes it.
WORK_LEASE_SECONDS = int(os.environ.get("PORTAL_WORK_LEASE_SECONDS", "120"))
VERIFY_EVERY_SECONDS = int(os.environ.get("PORTAL_VERIFY_EVERY_SECONDS", "600"))
HOSTS_PER_HOUR = int(os.environ.get("PORTAL_HOSTS_PER_HOUR", "200"))  # made per enclave

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "botocore": {"level": "WARNING"},
        # Says with every refused proof what the proof itself tells the tenant.
        "azure": {"level": "ERROR"},
        # A line for each nudge would hide what the worker has to say.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
