"""One system check for each setting that would be unsafe, or not work, in production.

What only some processes need or must not have is checked where these begin: portal/process_checks.py.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from enclaves.signing.grants import LOGIN
from tenants.signing import is_public_key

SHORTEST_KEY = 50  # characters
MOST_GATEWAYS = 8  # addresses; more would not fit into what a host is told at its birth
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}|\[[0-9a-f:]+\]:[0-9]{1,5}")


@register(Tags.security)
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    return [
        Error(message, hint=hint, id=f"portal.E{number:03}")
        for number, (wrong, message, hint) in enumerate(_RULES, start=1)
        if wrong()
    ]


def _same_database_role() -> bool:
    return settings.DATABASES["default"]["USER"] == settings.DATABASES["system"]["USER"]


def _issuer_is_unfit() -> bool:
    parts = urlsplit(settings.ISSUER_URL)
    return parts.scheme != "https" or not parts.hostname or bool(parts.path or parts.query or parts.fragment)


def _audit_key_is_another_one() -> bool:
    others = (settings.SECRET_KEY, settings.SIGNING_SECRET)
    return bool(settings.AUDIT_KEY) and settings.AUDIT_KEY in others


def _sealing_secret_is_another_one() -> bool:
    others = (settings.SECRET_KEY, settings.SIGNING_SECRET, settings.AUDIT_KEY)
    return bool(settings.SEALING_SECRET) and settings.SEALING_SECRET in others


def _gateways_are_unfit() -> bool:
    parts = [urlsplit(url) for url in settings.GATEWAY_URLS]
    is_fit = all(one.scheme == "wss" and one.hostname and one.path in ("", "/") for one in parts)
    return not is_fit or len(parts) > MOST_GATEWAYS


def _signer_is_unfit() -> bool:
    parts = urlsplit(settings.SIGNER_URL)
    is_fit = parts.scheme in ("http", "https") and parts.hostname and not parts.path
    return bool(settings.SIGNER_URL) and not is_fit


def _secret_of_access_is_another_one() -> bool:
    own = [settings.SSH_SECRET, settings.GATEWAY_SECRET, settings.SIGNER_SECRET]
    others = [settings.SECRET_KEY, settings.SIGNING_SECRET, settings.AUDIT_KEY, settings.SEALING_SECRET]
    known = [secret for secret in (*own, *others) if secret]
    return any(secret and known.count(secret) > 1 for secret in own)


_RULES: list[tuple[Callable[[], bool], str, str]] = [
    (
        lambda: len(settings.SECRET_KEY) < SHORTEST_KEY,
        f"PORTAL_SECRET_KEY has fewer than {SHORTEST_KEY} characters.",
        "Make one: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
    ),
    (
        lambda: not settings.HTTPS,
        "PORTAL_BASE_URL does not start with https://.",
        "Sessions and tokens must never cross a network in the clear.",
    ),
    (
        lambda: "*" in settings.ALLOWED_HOSTS,
        "PORTAL_ALLOWED_HOSTS allows every host name.",
        "Name the hosts, separated by commas.",
    ),
    (
        lambda: bool(settings.AWS_ENDPOINT_URL),
        "PORTAL_AWS_ENDPOINT_URL is set.",
        "A pretend AWS has no place in production; remove the variable.",
    ),
    (
        lambda: any(settings.SANDBOX_APPLY.values()),
        "PORTAL_SANDBOX_APPLY_AWS or PORTAL_SANDBOX_APPLY_AZURE is set.",
        "It shows tenants a command for the sandbox; remove the variable.",
    ),
    (
        lambda: not (settings.AWS_ACCOUNT_ID and settings.AWS_PRINCIPAL_ARN),
        "PORTAL_AWS_ACCOUNT_ID or PORTAL_AWS_PRINCIPAL_ARN is missing.",
        "The templates of the tenants name the portal's own AWS identity.",
    ),
    (
        _same_database_role,
        "DATABASE_URL and DATABASE_SYSTEM_URL use the same role.",
        "The application's role must not be able to bypass row-level security.",
    ),
    (
        lambda: not settings.SMTP_HOST,
        "PORTAL_SMTP_HOST is missing.",
        "Without e-mail nobody can confirm an address or reset a password.",
    ),
    (
        _issuer_is_unfit,
        "PORTAL_ISSUER_URL is not https:// and a host alone.",
        "Entra fetches the portal's keys from /.well-known/ there, and takes them over TLS only.",
    ),
    (
        lambda: bool(settings.AZURE_AUTHORITY_URL or settings.AZURE_ARM_URL),
        "PORTAL_AZURE_AUTHORITY_URL or PORTAL_AZURE_ARM_URL is set.",
        "A pretend Azure has no place in production; remove the variable.",
    ),
    (
        lambda: bool(settings.AZURE_CA_FILE),
        "PORTAL_AZURE_CA_FILE is set.",
        "Who holds the key of that authority could pose as Azure; remove the variable.",
    ),
    (
        lambda: not settings.AZURE_IMAGE_GALLERY,
        "PORTAL_AZURE_IMAGE_GALLERY is missing.",
        "Hosts in Azure are made from images of the vendor's community gallery.",
    ),
    (
        lambda: len(settings.AUDIT_KEY) < SHORTEST_KEY,
        f"PORTAL_AUDIT_KEY has fewer than {SHORTEST_KEY} characters.",
        "Make one, and keep it: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
    ),
    (
        _audit_key_is_another_one,
        "PORTAL_AUDIT_KEY is the same as PORTAL_SECRET_KEY or PORTAL_SIGNING_SECRET.",
        "A key has one purpose, so that it can be replaced for one reason.",
    ),
    (
        lambda: not all(map(is_public_key, settings.AUDIT_OLD_KEYS)),
        "PORTAL_AUDIT_OLD_KEYS is no list of public keys.",
        "Copy each x from /.well-known/enclave-audit-keys.json before the key changes; commas between.",
    ),
    (
        lambda: len(settings.SEALING_SECRET) < SHORTEST_KEY,
        f"PORTAL_SEALING_SECRET has fewer than {SHORTEST_KEY} characters.",
        "Make one, and keep it: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
    ),
    (
        _sealing_secret_is_another_one,
        "PORTAL_SEALING_SECRET is the same as PORTAL_SECRET_KEY, PORTAL_SIGNING_SECRET or PORTAL_AUDIT_KEY.",
        "A key has one purpose, so that it can be replaced for one reason.",
    ),
    (
        lambda: settings.SIGN_ON_LOOPBACK,
        "PORTAL_SIGN_ON_LOOPBACK is set.",
        "A pretend identity provider has no place in production; remove the variable.",
    ),
    (
        _gateways_are_unfit,
        f"PORTAL_GATEWAY_URLS is no list of wss:// and a host each, of {MOST_GATEWAYS} at most.",
        "Hosts call their gateways there, over TLS only; commas between.",
    ),
    (
        lambda: bool(settings.GATEWAY_URLS) and not _SHA256.fullmatch(settings.AGENT_SHA256),
        "PORTAL_GATEWAY_URLS is set, and PORTAL_AGENT_SHA256 is no SHA-256 in hexadecimal.",
        "New hosts take the agent from a gateway, and believe its hash: sha256sum enclave-agent.pyz",
    ),
    (
        lambda: bool(settings.GATEWAY_URLS) and not _ADDRESS.fullmatch(settings.GATEWAY_SSH),
        "PORTAL_GATEWAY_URLS is set, and PORTAL_GATEWAY_SSH is no host:port.",
        "It stands in the ssh line that people are shown.",
    ),
    (
        _signer_is_unfit,
        "PORTAL_SIGNER_URL is not http:// or https:// and a host alone.",
        "The pages ask for certificates there, over a network that is your own.",
    ),
    (
        lambda: bool(settings.SIGNER_URL) and len(settings.SIGNER_SECRET) < SHORTEST_KEY,
        f"PORTAL_SIGNER_URL is set, and PORTAL_SIGNER_SECRET has fewer than {SHORTEST_KEY} characters.",
        "Make one: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
    ),
    (
        _secret_of_access_is_another_one,
        "PORTAL_SSH_SECRET, PORTAL_GATEWAY_SECRET or PORTAL_SIGNER_SECRET is the same as another secret.",
        "A gateway must not be taken for the pages, and neither may open keys.",
    ),
    (
        lambda: not _DOMAIN.fullmatch(settings.TRUST_DOMAIN),
        "PORTAL_TRUST_DOMAIN is no domain in small letters.",
        "It stands in the name of each host, spiffe://…, and never changes.",
    ),
    (
        lambda: settings.HOST_LOGIN == "root" or not LOGIN.fullmatch(settings.HOST_LOGIN),
        "PORTAL_HOST_LOGIN is no name of an account, or root.",
        "Who is root on a host can leave any cage: no end of a session could be promised.",
    ),
]


@register(Tags.database)
def database_roles(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a database without its walls (manage.py check --database default)."""
    if not settings.PRODUCTION or "default" not in (databases or []):
        return []
    from django.db import connection  # noqa: PLC0415 -- a check must not connect at import time

    from tenants.isolation import APP_ROLE, gaps  # noqa: PLC0415 -- needs the app registry

    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        bypasses = cursor.fetchone()[0]
        cursor.execute(_KEYS_OPEN, [APP_ROLE])
        keys_open = any(row[0] for row in cursor.fetchall())
        cursor.execute(_AUTHORITIES_OPEN, [APP_ROLE])
        authorities_open = any(row[0] for row in cursor.fetchall())
    errors: list[CheckMessage] = [
        Error(gap, hint="Run the migrations as the owner; nobody else changes policies.", id="portal.E101")
        for gap in gaps(connection)
    ]
    if bypasses:
        text = "The role of DATABASE_URL bypasses row-level security."
        errors.append(Error(text, hint="Connect as a role with NOSUPERUSER NOBYPASSRLS.", id="portal.E100"))
    if keys_open:
        text = "The application's role may write signing keys, or read their private halves."
        hint = "Revoke all on enclaves_signingkey from it, but SELECT on what migration 0004 names."
        errors.append(Error(text, hint=hint, id="portal.E102"))
    if authorities_open:
        text = "The application's role may see the keys that open hosts, or write them."
        hint = "Revoke all on enclaves_authority from it, as migration 0007 does."
        errors.append(Error(text, hint=hint, id="portal.E103"))
    return errors


_KEYS_OPEN = """
SELECT has_column_privilege(oid, 'enclaves_signingkey', 'private', 'SELECT')
    OR has_table_privilege(oid, 'enclaves_signingkey', 'INSERT, UPDATE, DELETE')
FROM pg_roles WHERE rolname = %s
"""
_AUTHORITIES_OPEN = """
SELECT has_any_column_privilege(oid, 'enclaves_authority', 'SELECT, INSERT, UPDATE')
    OR has_table_privilege(oid, 'enclaves_authority', 'DELETE')
FROM pg_roles WHERE rolname = %s
"""
