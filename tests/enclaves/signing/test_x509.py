from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.spiffe import SpiffeId
from enclaves.signing.x509 import (
    SKEW,
    Authority,
    _leaf,
    certified_key,
    gateway_certificate,
    host_identity,
    make_intermediate,
    make_root,
    requested_key,
    verify_peer,
)
from tests.enclaves.signing.made import HOST, NOW, p256, request_for

DOMAIN = "portal.test"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
ROOT = make_root(p256(), DOMAIN, "hosts", now=NOW)
ACME = make_intermediate(ROOT, p256(), DOMAIN, "acme", now=NOW)
GLOBEX = make_intermediate(ROOT, p256(), DOMAIN, "globex", now=NOW)
ME = SpiffeId(
    domain=DOMAIN, tenant="acme", cloud="aws", account="111122223333", zone="prod.aws-us-east-1c", host=HOST
)
REQUEST = request_for(p256())


def chain_of(pem):
    return x509.load_pem_x509_certificates(pem.encode())


def identity(**changes):
    return chain_of(host_identity(ACME, REQUEST, ME, now=changes.get("now", NOW)))


IDENTITY = identity()


def leaf_by(authority, names, purpose=ExtendedKeyUsageOID.CLIENT_AUTH, lasts=HOUR):
    """What an authority in the wrong hands could sign, which host_identity never would."""
    uris = [x509.UniformResourceIdentifier(name) for name in names]
    return [_leaf(authority, p256().public_key(), uris, purpose, NOW, lasts), authority.certificate]


def believed(chain, *, now=NOW, roots=(ROOT,)):
    return verify_peer(chain, [root.certificate for root in roots], now)


def test_a_host_is_known_by_its_certificate():
    assert believed(identity()) == ME


def test_an_identity_lasts_an_hour():
    leaf = identity()[0]

    assert leaf.not_valid_after_utc == NOW + HOUR
    assert leaf.not_valid_before_utc == NOW - SKEW


@pytest.mark.parametrize("moment", [NOW - SKEW - SECOND, NOW + HOUR + SECOND])
def test_before_and_after_its_hour_a_certificate_is_not_believed(moment):
    with pytest.raises(NotTrusted, match="not valid now"):
        believed(identity(), now=moment)


def test_an_authority_of_one_tenant_cannot_make_a_host_of_another():
    with pytest.raises(NotTrusted, match="another tenant"):
        believed(leaf_by(GLOBEX, [str(ME)]))


def test_an_authority_of_another_domain_cannot_make_a_host_of_this_one():
    elsewhere = make_intermediate(ROOT, p256(), "elsewhere.test", "acme", now=NOW)

    with pytest.raises(NotTrusted, match="another tenant"):
        believed(leaf_by(elsewhere, [str(ME)]))


def test_the_signer_itself_does_not_mix_tenants_up():
    with pytest.raises(SigningRefused, match="no host of another"):
        host_identity(GLOBEX, REQUEST, ME, now=NOW)


def test_a_leaf_directly_below_the_root_is_no_host():
    with pytest.raises(NotTrusted, match=r"no host's|not the portal's"):
        believed(leaf_by(ROOT, [str(ME)])[:1])


def test_an_authority_that_a_tenants_authority_made_is_not_believed():
    below = make_intermediate(ACME, p256(), DOMAIN, "acme", now=NOW)

    with pytest.raises(NotTrusted):
        believed([*leaf_by(below, [str(ME)]), ACME.certificate])


def test_an_authority_is_no_host():
    with pytest.raises(NotTrusted):
        believed([ACME.certificate])


def test_a_host_cannot_sign_for_others():
    key = p256()
    mine = chain_of(host_identity(ACME, request_for(key), ME, now=NOW))
    other = replace(ME, host="c" + HOST[1:])

    with pytest.raises(NotTrusted):
        believed([*leaf_by(Authority(mine[0], key), [str(other)]), ACME.certificate])


def test_a_root_of_the_same_name_with_another_key_is_not_believed():
    other_root = make_root(p256(), DOMAIN, "hosts", now=NOW)
    acme = make_intermediate(other_root, p256(), DOMAIN, "acme", now=NOW)

    with pytest.raises(NotTrusted):
        believed(leaf_by(acme, [str(ME)]))
    assert believed(leaf_by(acme, [str(ME)]), roots=(ROOT, other_root)) == ME


def test_a_gateways_certificate_is_no_hosts():
    with pytest.raises(NotTrusted):
        believed(leaf_by(ACME, [str(ME)], ExtendedKeyUsageOID.SERVER_AUTH))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=300)
@given(st.data())
def test_any_damaged_certificate_is_not_believed_or_says_the_same(data):
    leaf, intermediate = IDENTITY
    der = bytearray(leaf.public_bytes(serialization.Encoding.DER))
    der[data.draw(st.integers(0, len(der) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        damaged = x509.load_der_x509_certificate(bytes(der))
    except (ValueError, x509.InvalidVersion):
        return  # TLS would not have let it through

    # The signature has more than one spelling; what it is about has not.
    with suppress(NotTrusted):
        assert believed([damaged, intermediate]) == ME
        assert damaged.tbs_certificate_bytes == leaf.tbs_certificate_bytes


def test_a_key_has_one_fingerprint_in_requests_and_certificates():
    other = request_for(p256())

    assert requested_key(REQUEST) == certified_key(identity()[0])
    assert requested_key(REQUEST) != requested_key(other)


@pytest.mark.parametrize(
    "names", [[], [str(ME), str(replace(ME, tenant="globex"))], ["spiffe://portal.test/x"]]
)
def test_a_certificate_names_exactly_one_host(names):
    with pytest.raises(NotTrusted):
        believed(leaf_by(ACME, names))


@pytest.mark.parametrize("chain", [[], identity()[:1], identity()[::-1]])
def test_an_incomplete_chain_is_not_believed(chain):
    with pytest.raises(NotTrusted):
        believed(chain)


def test_without_roots_nobody_is_believed():
    with pytest.raises(NotTrusted):
        believed(identity(), roots=())


def test_names_in_a_request_are_ignored():
    key = p256()
    chain = chain_of(host_identity(ACME, request_for(key, "spiffe://portal.test/t/globex"), ME, now=NOW))

    assert believed(chain) == ME
    assert chain[0].subject == x509.Name([])
    assert chain[0].public_key() == key.public_key()


def damaged_signature():
    request = bytearray(x509.load_pem_x509_csr(REQUEST).public_bytes(serialization.Encoding.DER))
    request[-1] ^= 1
    return request_pem(bytes(request))


def request_pem(der):
    return x509.load_der_x509_csr(der).public_bytes(serialization.Encoding.PEM)


BAD_REQUESTS = {
    "nothing": (b"", "cannot be read"),
    "a shell": (
        b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "cannot be read",
    ),
    "a novel": (b"x" * 9000, "too long"),
    "not its own key": (damaged_signature(), "not signed|cannot be read"),
    "RSA": (request_for(rsa.generate_private_key(65537, 2048)), "P-256"),
    "another curve": (request_for(ec.generate_private_key(ec.SECP256K1())), "P-256"),
}


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_a_bad_request_is_refused(what):
    request, says = BAD_REQUESTS[what]

    with pytest.raises(SigningRefused, match=says):
        host_identity(ACME, request, ME, now=NOW)


@given(st.binary(max_size=300))
def test_any_bytes_for_a_request_are_refused(junk):
    with pytest.raises(SigningRefused):
        host_identity(ACME, junk, ME, now=NOW)


@given(st.data())
def test_any_damaged_request_is_refused(data):
    der = bytearray(x509.load_pem_x509_csr(REQUEST).public_bytes(serialization.Encoding.DER))
    der[data.draw(st.integers(0, len(der) - 1))] ^= data.draw(st.integers(1, 255))
    body = b64encode(der)
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + body + b"\n-----END CERTIFICATE REQUEST-----\n"

    with pytest.raises(SigningRefused):
        host_identity(ACME, pem, ME, now=NOW)


def test_a_request_with_a_key_of_no_other_kind_is_taken():
    key = ed25519.Ed25519PrivateKey.generate()
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)

    with pytest.raises(SigningRefused, match="P-256"):
        host_identity(ACME, made.public_bytes(serialization.Encoding.PEM), ME, now=NOW)


def test_nothing_outlives_what_signed_it():
    late = ACME.certificate.not_valid_after_utc - timedelta(minutes=10)
    leaf = identity(now=late)[0]
    acme = make_intermediate(ROOT, p256(), DOMAIN, "acme", now=ROOT.certificate.not_valid_after_utc - HOUR)

    assert leaf.not_valid_after_utc == ACME.certificate.not_valid_after_utc
    assert acme.certificate.not_valid_after_utc == ROOT.certificate.not_valid_after_utc


def test_an_authority_that_has_ended_signs_nothing():
    with pytest.raises(SigningRefused, match="successor"):
        identity(now=ACME.certificate.not_valid_after_utc + SECOND)


def test_a_gateway_is_believed_by_its_names():
    servers = make_root(p256(), DOMAIN, "gateways", now=NOW, depth=0)
    pem = gateway_certificate(servers, p256().public_key(), ["gateway.example.com", "127.0.0.1"], now=NOW)
    store = verification.Store([servers.certificate])
    asked = verification.PolicyBuilder().store(store).time(NOW)

    for name in (x509.DNSName("gateway.example.com"), x509.IPAddress(ip_address("127.0.0.1"))):
        assert asked.build_server_verifier(name).verify(chain_of(pem)[0], [])
    with pytest.raises(verification.VerificationError):
        asked.build_server_verifier(x509.DNSName("other.example.com")).verify(chain_of(pem)[0], [])


def test_a_gateway_without_a_name_gets_no_certificate():
    with pytest.raises(SigningRefused, match="name"):
        gateway_certificate(ROOT, p256().public_key(), [], now=NOW)


def test_a_changed_certificate_is_not_believed():
    leaf, intermediate = identity()
    der = bytearray(leaf.public_bytes(serialization.Encoding.DER))
    der[der.index(b"acme")] ^= 1

    with pytest.raises(NotTrusted):
        believed([x509.load_der_x509_certificate(bytes(der)), intermediate])


def test_a_certificate_signs_with_sha_256():
    assert isinstance(identity()[0].signature_hash_algorithm, hashes.SHA256)
