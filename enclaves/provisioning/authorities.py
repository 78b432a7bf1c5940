"""The keys with which the portal vouches for people, hosts and gateways: made, turned, and opened to sign.

Only a process that has PORTAL_SSH_SECRET opens them. A key is made when it is first needed; the sweep makes
successors in time.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography import x509 as certificates
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from enclaves.models import Authority
from enclaves.signing import keys, rotation, x509
from enclaves.signing.errors import KeyBoxError
from enclaves.signing.keys import KeyKind, LocalKeyBox
from enclaves.signing.rotation import SCHEDULES, Purpose, Succession
from enclaves.signing.ssh import SshAuthority
from enclaves.signing.tokens import key_id

log = logging.getLogger(__name__)

_X509: Final = frozenset({Purpose.HOSTS, Purpose.TENANT_HOSTS, Purpose.GATEWAYS})
_SOONEST: Final = min(schedule.signs - schedule.notice for schedule in SCHEDULES.values())
_GATEWAY_DEPTH: Final = 0  # nothing stands between the root and a gateway


class NoSecret(Exception):
    """This process may not sign: it was not given PORTAL_SSH_SECRET."""


def ssh_authority(purpose: Purpose, enclave_id: UUID) -> SshAuthority:
    """What signs for one enclave now."""
    return SshAuthority(_ed25519(_signing(purpose, str(enclave_id))))


def ssh_lines(purpose: Purpose, enclave_id: UUID) -> list[str]:
    """The SSH authorities of an enclave that are to be believed, the next one included."""
    _signing(purpose, str(enclave_id))
    return [_line(row.public) for row in _believed(purpose, str(enclave_id))]


def every_user_line() -> list[str]:
    """The SSH authorities of people in all enclaves. Which is right for a grant is asked for each login."""
    return [_line(row.public) for row in _believed(Purpose.SSH_USERS)]


def grant_key() -> Ed25519PrivateKey:
    return _ed25519(_signing(Purpose.GRANTS))


def grant_keys() -> list[Ed25519PublicKey]:
    """The keys of grant tokens that hosts are to believe, the next one included."""
    _signing(Purpose.GRANTS)
    found = [serialization.load_pem_public_key(row.public.encode()) for row in _believed(Purpose.GRANTS)]
    return [key for key in found if isinstance(key, Ed25519PublicKey)]


def grant_key_pems() -> dict[str, str]:
    """The same by their ids, in PEM."""
    return {key_id(key): _pem(key) for key in grant_keys()}


def tenant_authority(tenant: str, tenant_id: UUID) -> x509.Authority:
    """What signs the identities of one tenant's hosts."""
    return _x509(_signing(Purpose.TENANT_HOSTS, str(tenant_id), tenant))


def gateway_authority() -> x509.Authority:
    return _x509(_signing(Purpose.GATEWAYS))


def roots(purpose: Purpose) -> str:
    """The X.509 roots that are to be believed, in PEM: of hosts or of gateways."""
    _signing(purpose)
    return "".join(row.public for row in _believed(purpose))


def keep_authorities() -> None:
    """Make the successors that are due, and lock with the newest secret what an older one locks.

    Does nothing in a process that may not sign.
    """
    if not settings.SSH_SECRET:
        return
    try:
        _keep()
    except KeyBoxError as error:
        # What else the sweep has to do must not wait for an operator.
        log.error("PORTAL_SSH_SECRET is not what the keys of hosts were locked with: %s", error)


def _keep() -> None:
    now = timezone.now()
    begun = _rows().filter(ends_at=None, signs_from__lte=now - _SOONEST).defer("private")
    for row in begun:
        wanted = rotation.due([row], SCHEDULES[Purpose(row.purpose)], now)
        if wanted is not None:
            _succeed(row, wanted)
    _rows().filter(ends_at__lte=now).delete()
    if settings.SSH_OLD_SECRETS:
        _lock_anew()


def replace_keys(
    purpose: Purpose, notice: timedelta, scope: str = "", *, overlap: timedelta = timedelta(0)
) -> int:
    """Have the keys of a purpose, or of one scope of it, followed early; say how many there were.

    They sign until the notice is over, and are believed for the overlap after that, and no longer.
    """
    begins = timezone.now() + notice
    over = begins + overlap
    known = _rows().filter(purpose=purpose, **({"scope": scope} if scope else {}))
    newest = list(known.filter(ends_at=None))
    for row in newest:
        _succeed(row, Succession(signs_from=begins, predecessor_ends_at=over))
    # Those that were about to be over are over as well; no two of a scope may end in the same moment.
    for number, row in enumerate(known.filter(ends_at__gt=over), start=1):
        _rows().filter(pk=row.pk).update(ends_at=over - timedelta(microseconds=number))
    return len(newest)


def _lock_anew() -> None:
    """Once a secret is no longer needed to open a key, an operator can take it away."""
    box = _box()
    for row in _rows():
        if not box.is_current(bytes(row.private)):
            context = _context(Purpose(row.purpose), row.scope)
            plain = box.unwrap(bytes(row.private), context)
            _rows().filter(pk=row.pk).update(private=box.wrap(plain, context))
            log.info("The key of %s %s is locked with the newest secret.", row.purpose, row.scope)


def _rows() -> QuerySet[Authority]:
    return Authority.objects.using("system")


def _believed(purpose: Purpose, scope: str | None = None) -> list[Authority]:
    rows = _rows().filter(purpose=purpose, **({} if scope is None else {"scope": scope})).defer("private")
    return rotation.believed(rows, timezone.now())


def _signing(purpose: Purpose, scope: str = "", name: str = "") -> Authority:
    """The row that signs now; the first one is made here."""
    rows = list(_rows().filter(purpose=purpose, scope=scope))
    now = timezone.now()
    found = rotation.signing(rows, now)
    if found is None:
        _make(purpose, scope, name, now)
        found = rotation.signing(_rows().filter(purpose=purpose, scope=scope), now)
    if found is None:
        raise NoSecret(f"There is no key for {purpose} {scope}.")
    return found


def _make(purpose: Purpose, scope: str, name: str, signs_from: datetime) -> None:
    try:
        with transaction.atomic(using="system"):
            _add(purpose, scope, name, signs_from)
    except IntegrityError:
        log.info("Somebody else has made the first key for %s %s.", purpose, scope)


def _succeed(row: Authority, wanted: Succession) -> None:
    purpose = Purpose(row.purpose)
    with transaction.atomic(using="system"):
        # Of two sweeps only one ends the key; the other finds that it has an end already.
        if _rows().filter(pk=row.pk, ends_at=None).update(ends_at=wanted.predecessor_ends_at):
            _add(purpose, row.scope, _named_in(row), wanted.signs_from)


def _named_in(row: Authority) -> str:
    """The tenant that an intermediate is for; it stands in its certificate."""
    if row.purpose != Purpose.TENANT_HOSTS:
        return ""
    subject = certificates.load_pem_x509_certificate(row.public.encode()).subject
    return str(subject.get_attributes_for_oid(certificates.NameOID.COMMON_NAME)[0].value)


def _add(purpose: Purpose, scope: str, name: str, signs_from: datetime) -> None:
    kind = KeyKind.P256 if purpose in _X509 else KeyKind.ED25519
    made = keys.make_key(kind, _box(), _context(purpose, scope))
    public = _certificate(purpose, made.wrapped, scope, name) if purpose in _X509 else made.public
    _rows().create(
        purpose=purpose,
        scope=scope,
        public=public,
        private=made.wrapped,
        created_at=timezone.now(),
        signs_from=signs_from,
    )
    log.info("A key for %s %s is made; it signs from %s.", purpose, scope, signs_from)


def _certificate(purpose: Purpose, wrapped: bytes, scope: str, name: str) -> str:
    key, now = keys.open_p256(wrapped, _box(), _context(purpose, scope)), timezone.now()
    if purpose is Purpose.TENANT_HOSTS:
        root = _x509(_signing(Purpose.HOSTS))
        return x509.make_intermediate(root, key, settings.TRUST_DOMAIN, name, now=now).pem
    depth = {"depth": _GATEWAY_DEPTH} if purpose is Purpose.GATEWAYS else {}
    return x509.make_root(key, settings.TRUST_DOMAIN, purpose, now=now, **depth).pem


def _x509(row: Authority) -> x509.Authority:
    key = keys.open_p256(bytes(row.private), _box(), _context(Purpose(row.purpose), row.scope))
    return x509.Authority(certificates.load_pem_x509_certificate(row.public.encode()), key)


def _ed25519(row: Authority) -> Ed25519PrivateKey:
    return keys.open_ed25519(bytes(row.private), _box(), _context(Purpose(row.purpose), row.scope))


def _context(purpose: Purpose, scope: str) -> str:
    return f"{purpose}:{scope}"


def _pem(key: Ed25519PublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def _line(public: str) -> str:
    key = serialization.load_pem_public_key(public.encode())
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_bytes(*form).decode()


def _box() -> LocalKeyBox:
    if not settings.SSH_SECRET:
        raise NoSecret("Only the signer and the worker have PORTAL_SSH_SECRET.")
    return _local_box(settings.SSH_SECRET, tuple(settings.SSH_OLD_SECRETS))


@lru_cache(maxsize=4)
def _local_box(secret: str, old_secrets: Sequence[str]) -> LocalKeyBox:
    return LocalKeyBox(secret, old_secrets)
