"""The certificate that hosts see is replaced while the gateway runs, and never by half of a new one."""

import os
import ssl
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import ec

from enclaves.signing import keys, x509
from gateway.tls import AgentsTls

NAME = "gateway.example"
NOW = datetime.now(UTC)
ROOT, FOLLOWING, HOSTS = (
    x509.make_root(ec.generate_private_key(ec.SECP256R1()), "portal.example", purpose, now=NOW, depth=depth)
    for purpose, depth in (("gateways", 0), ("gateways", 0), ("hosts", 1))
)


@pytest.fixture
def files(tmp_path):
    """The gateway's files: ``files()`` writes a new pair, and returns the certificate's number."""
    paths = SimpleNamespace(
        tls_certificate=tmp_path / "pem", tls_key=tmp_path / "key", agent_roots=tmp_path / "roots"
    )
    paths.agent_roots.write_text(HOSTS.pem)
    written = []

    def write(root=ROOT):
        key = ec.generate_private_key(ec.SECP256R1())
        paths.tls_key.write_bytes(keys.private_pem(key))
        paths.tls_certificate.write_text(x509.gateway_certificate(root, key.public_key(), [NAME], now=NOW))
        written.append(1)
        for path in (paths.tls_key, paths.tls_certificate):
            os.utime(path, (len(written), len(written)))
        return pyca.load_pem_x509_certificate(paths.tls_certificate.read_bytes()).serial_number

    write.paths = paths
    return write


def shown(context, roots=ROOT.pem):
    """The number of the certificate that somebody sees who connects now, and believes it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    believing = ssl.create_default_context(cadata=roots)
    client = believing.wrap_bio(to_client, to_server, server_hostname=NAME)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return pyca.load_der_x509_certificate(client.getpeercert(binary_form=True)).serial_number


def test_a_new_certificate_is_shown_to_those_who_come_then(files):
    first = files()
    tls = AgentsTls(files.paths)
    before, second = shown(tls.context), files()
    tls.renew()

    assert (before, shown(tls.context)) == (first, second)


@pytest.mark.parametrize("root", [ROOT, FOLLOWING], ids=["the old one", "the new one"])
def test_of_two_roots_with_one_name_a_host_believes_both(files, root):
    number = files(root)

    assert shown(AgentsTls(files.paths).context, ROOT.pem + FOLLOWING.pem) == number


def test_half_of_a_new_pair_changes_nothing(files):
    first = files()
    tls = AgentsTls(files.paths)
    certificate = files.paths.tls_certificate.read_bytes()
    second = files()
    complete = files.paths.tls_certificate.read_bytes()
    files.paths.tls_certificate.write_bytes(certificate)
    tls.renew()
    meanwhile = shown(tls.context)
    files.paths.tls_certificate.write_bytes(complete)
    tls.renew()

    assert (meanwhile, shown(tls.context)) == (first, second)


def test_files_that_are_gone_change_nothing(files):
    first = files()
    tls = AgentsTls(files.paths)
    files.paths.tls_certificate.unlink()
    tls.renew()

    assert shown(tls.context) == first
