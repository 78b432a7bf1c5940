"""SSH certificates (OpenSSH's PROTOCOL.certkeys): for people, for the gateway's last hop, and for hosts."""

import ipaddress
from datetime import datetime, timedelta

import asyncssh
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing.errors import SigningRefused
from enclaves.signing.keys import private_pem
from enclaves.signing.names import Grant, HostName, is_uuid
from enclaves.signing.ssh_keys import parse_public_key

HOP_LASTS = timedelta(seconds=60)
SKEW = timedelta(seconds=60)  # by how much a host's clock may be behind ours
MOST_SERIAL = 2**64 - 1


class SshAuthority:
    """A key that certifies others. Every host or gateway that trusts it has its `line` in a file."""

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self.key = asyncssh.import_private_key(private_pem(key))
        self.line = self.key.export_public_key("openssh").decode().strip()
        self.fingerprint = self.key.get_fingerprint()


def user_certificate(
    authority: SshAuthority,
    public_key: str,
    *,
    grant: Grant,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> str:
    """Certify a person's key for one grant, as one line; raises SigningRefused.

    Principal and key id are the name of the grant. Times are cut to whole seconds, the end downwards.
    """
    _check_times(not_before, not_after, grant)
    return _login(
        authority,
        public_key,
        grant,
        principal=grant.id,
        key_id=grant.id,
        serial=serial,
        times=(not_before, not_after),
        sources=_networks(grant.source_addresses),
    )


def hop_certificate(
    authority: SshAuthority,
    public_key: str,
    *,
    grant: Grant,
    host: HostName,
    session: str,
    serial: int,
    now: datetime,
) -> str:
    """Certify the gateway's throw-away key for one login on one host, within a minute and the grant.

    The key id carries grant and session, which the host's sshd logs.
    """
    if not is_uuid(session):
        raise SigningRefused("The id of a session is a UUID in small letters.")
    end = min(now + HOP_LASTS, grant.not_after)
    _check_times(now, end, grant)
    return _login(
        authority,
        public_key,
        grant,
        principal=host.principal,
        key_id=f"{grant.id}/{session}",
        serial=serial,
        # The key is younger than this, so an earlier beginning opens nothing; clocks of hosts differ.
        times=(now - SKEW, end),
    )


def _login(
    authority: SshAuthority,
    public_key: str,
    grant: Grant,
    *,
    principal: str,
    key_id: str,
    serial: int,
    times: tuple[datetime, datetime],
    sources: list[str] | None = None,
) -> str:
    certificate = authority.key.generate_user_certificate(
        parse_public_key(public_key).key,
        key_id=key_id,
        serial=_checked_serial(serial),
        principals=[principal],
        valid_after=int(times[0].timestamp()),
        valid_before=int(times[1].timestamp()),
        source_address=sources,
        permit_port_forwarding=grant.allow_port_forwarding,
        permit_agent_forwarding=grant.allow_agent_forwarding,
        permit_x11_forwarding=False,
        permit_user_rc=False,
        comment=grant.id,
    )
    return _line(certificate)


def host_certificate(
    authority: SshAuthority,
    public_key: str,
    *,
    host: HostName,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> str:
    """Certify a host's own key, so that the gateway need not trust it on first use."""
    _check_order(not_before, not_after)
    certificate = authority.key.generate_host_certificate(
        parse_public_key(public_key).key,
        key_id=host.principal,
        serial=_checked_serial(serial),
        principals=[host.alias],
        valid_after=int(not_before.timestamp()),
        valid_before=int(not_after.timestamp()),
        comment=host.id,
    )
    return _line(certificate)


def _check_times(not_before: datetime, not_after: datetime, grant: Grant) -> None:
    _check_order(not_before, not_after)
    if not_before < grant.not_before or not_after > grant.not_after:
        raise SigningRefused("A certificate never reaches beyond its grant.")


def _check_order(not_before: datetime, not_after: datetime) -> None:
    if not_before.tzinfo is None or not_after.tzinfo is None:
        raise SigningRefused("The times of a certificate need a time zone.")
    # Whole seconds decide, because that is what is written.
    if int(not_before.timestamp()) >= int(not_after.timestamp()):
        raise SigningRefused("A certificate that is over before it begins is of no use.")


def _checked_serial(serial: int) -> int:
    # OpenSSH takes the serial 0 for "none", which no revocation list can name.
    if not 0 < serial <= MOST_SERIAL:
        raise SigningRefused("A certificate needs a serial number, so that it can be revoked.")
    return serial


def _networks(addresses: tuple[str, ...]) -> list[str] | None:
    try:
        return [str(ipaddress.ip_network(address)) for address in addresses] or None
    except ValueError as error:
        raise SigningRefused(f"A source address is no network: {error}.") from error


def _line(certificate: asyncssh.SSHCertificate) -> str:
    return certificate.export_certificate("openssh").decode().strip()
