"""Which tenant the database connection may see: the switch of the row-level policies.

The policies read five settings of the connection: the tenant, and before one is known the user
(who sees their own memberships), the digest of a token or of an invitation (which sees itself), or the
name under which somebody asks to sign on (which shows where to).
Without any of them no row of any tenant is visible. See tenants/isolation.py for the policies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections
from psycopg.pq import TransactionStatus

TENANT = "app.tenant"
USER = "app.user"
TOKEN = "app.token"  # noqa: S105 -- the name of a setting, no secret
INVITATION = "app.invitation"
SIGN_ON = "app.sign_on"

# The connection of the role that the policies do not bind: for the sweep, and for looks of staff that the
# tenants are told of, see tenants/looks.py.
EVERYBODY = "system"

_NOTHING = dict.fromkeys((TENANT, USER, TOKEN, INVITATION, SIGN_ON), "")


def enter_user(user_id: UUID) -> None:
    """For the rest of the transaction, show what belongs to a user, and of no tenant anything else."""
    _set_for_transaction({**_NOTHING, USER: str(user_id)})


def enter_token(digest: str) -> None:
    """For the rest of the transaction, show the token that has this digest, and nothing else."""
    _set_for_transaction({**_NOTHING, TOKEN: digest})


def enter_invitation(digest: str) -> None:
    """For the rest of the transaction, show the invitation that has this digest, and nothing else."""
    _set_for_transaction({**_NOTHING, INVITATION: digest})


def enter_sign_on(tenant: str) -> None:
    """For the rest of the transaction, show the sign-on of the tenant of this name, and nothing else."""
    _set_for_transaction({**_NOTHING, SIGN_ON: tenant})


def enter_tenant(tenant_id: UUID) -> None:
    """For the rest of the transaction, show one tenant. Forgotten at its end, whatever happens."""
    _set_for_transaction({**_NOTHING, TENANT: str(tenant_id)})


@contextmanager
def tenant_scope(tenant_id: UUID, *, using: str = "default") -> Iterator[None]:
    """Show one tenant inside the block, and afterwards again what was shown before.

    For workers, commands and services that cross from one tenant to another. Inside a transaction the
    change never outlives it, so that a pooled connection cannot carry a tenant into the next request.
    """
    before = _setting(TENANT, using)
    _set(TENANT, str(tenant_id), using)
    try:
        yield
    finally:
        _restore(before, using)


def _restore(tenant: str, using: str) -> None:
    # A transaction that failed takes no more statements; its rollback undoes the change by itself.
    raw = connections[using].connection
    if raw is not None and raw.info.transaction_status != TransactionStatus.INERROR:
        _set(TENANT, tenant, using)


def _setting(name: str, using: str) -> str:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0] or ""


def _set(name: str, value: str, using: str) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, %s)", [name, value, connection.in_atomic_block])


def _set_for_transaction(settings: dict[str, str]) -> None:
    connection = connections["default"]
    if not connection.in_atomic_block:
        raise RuntimeError("Outside a transaction the setting would be lost at once; use tenant_scope.")
    calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [part for pair in settings.items() for part in pair])
