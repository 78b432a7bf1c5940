import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from enclaves.identity.azure import AzureInstance, Trust, verify_attested
from enclaves.identity.errors import IdentityRefused
from tests.enclaves.identity import vectors
from tests.enclaves.identity.forge import HOUR, NOW, certificate, der, document, handed_out, rsa_key, told
from tests.enclaves.identity.vectors import needs_vectors

SUBSCRIPTION, VM = "aaaabbbb-0000-4000-8000-ccccdddd0001", "bd8e7443-24a0-41f3-b949-8baf4fd1c573"
NONCE = "0123456789"
SERVICE = "metadata.azure.com"
ROOT_KEY, MIDDLE_KEY, KEY = rsa_key(3), rsa_key(4), rsa_key(5)
ROOT = certificate(ROOT_KEY, "root", authority=True)
MIDDLE = certificate(MIDDLE_KEY, "middle", by=(ROOT_KEY, ROOT), authority=True)
NAMES = (SERVICE, f"eastus.{SERVICE}")
TRUST = Trust(roots=[ROOT], intermediates=[MIDDLE])
FACTS = {
    "licenseType": "",
    "nonce": NONCE,
    "plan": {"name": "", "product": "", "publisher": ""},
    "sku": "24_04-lts",
    "subscriptionId": SUBSCRIPTION.upper(),
    "timeStamp": {"createdOn": "11/21/26 11:59:30 -0000", "expiresOn": "11/21/26 17:59:30 -0000"},
    "vmId": VM,
}


def leaf(**changes):
    return certificate(KEY, SERVICE, **{"by": (MIDDLE_KEY, MIDDLE), "names": NAMES, **changes})


SIGNER = leaf()


def signed(signer=SIGNER, *, key=KEY, content=None, **changes):
    facts = content or told({**FACTS, **changes})
    return handed_out(document(facts, key, signer, attributes=False, embed=[signer]))


def believed(text, *, nonce=NONCE, now=NOW, trust=TRUST):
    return verify_attested(text, nonce, now, trust)


def test_what_azure_says_is_read_in_small_letters():
    assert believed(signed()) == AzureInstance(
        subscription=SUBSCRIPTION,
        vm_id=VM,
        sku="24_04-lts",
        nonce=NONCE,
        created=datetime(2026, 11, 21, 11, 59, 30, tzinfo=UTC),
        expires=datetime(2026, 11, 21, 17, 59, 30, tzinfo=UTC),
    )


def test_a_signer_may_be_named_by_its_region_alone():
    assert believed(signed(leaf(names=(f"eastus.{SERVICE}",))))


@pytest.mark.parametrize("nonce", ["9123456789", "0123456788", "01234567890"])
def test_an_answer_to_another_question_is_refused(nonce):
    with pytest.raises(IdentityRefused, match="another question"):
        believed(signed(), nonce=nonce)


@pytest.mark.parametrize("nonce", ["", "123"])
def test_a_question_without_a_proper_nonce_has_no_answer(nonce):
    with pytest.raises(IdentityRefused, match="guessed"):
        believed(signed(nonce=nonce), nonce=nonce)


@pytest.mark.parametrize("moment", [NOW - timedelta(minutes=6), NOW + 6 * HOUR])
def test_a_document_counts_for_its_hours_only(moment):
    with pytest.raises(IdentityRefused, match="document is not valid now"):
        believed(signed(), now=moment)


SIGNERS = {
    "nobody's": leaf(by=None),
    "another root's": leaf(by=(rsa_key(6), certificate(rsa_key(6), "middle", authority=True))),
    "a common site's": leaf(names=("www.example.com",)),
    "a site with a similar name": leaf(names=("metadata.azure.com.example.com", "xmetadata.azure.com")),
    "nameless": leaf(names=()),
    "ended": leaf(ends=-timedelta(minutes=1)),
    "not for servers": leaf(purposes=("client",)),
    "an authority": leaf(authority=True),
    "below another leaf": leaf(by=(KEY, SIGNER)),
    "another cloud's": leaf(names=("metadata.azure.us",)),
}


@pytest.mark.parametrize("whose", SIGNERS)
def test_a_signer_that_is_not_the_metadata_service_is_refused(whose):
    with pytest.raises(IdentityRefused, match=r"root that is trusted|is not metadata|no name"):
        believed(signed(SIGNERS[whose]))


def test_a_refused_chain_names_the_issuer_whose_certificate_may_be_missing():
    with pytest.raises(IdentityRefused, match="by CN=middle, leads to no root"):
        believed(signed(), trust=Trust(roots=[ROOT], intermediates=[]))


def test_intermediates_of_a_document_are_not_used():
    brought = document(told(FACTS), KEY, SIGNER, attributes=False, embed=[SIGNER, MIDDLE])

    with pytest.raises(IdentityRefused, match="leads to no root"):
        believed(handed_out(brought), trust=Trust(roots=[ROOT], intermediates=[]))


def test_a_national_cloud_has_a_name_of_its_own():
    trust = Trust(roots=[ROOT], intermediates=[MIDDLE], service="metadata.azure.us")

    assert believed(signed(SIGNERS["another cloud's"]), trust=trust)
    with pytest.raises(IdentityRefused, match=r"is not metadata\.azure\.us"):
        believed(signed(), trust=trust)


@pytest.mark.parametrize(
    "change",
    [
        {"subscriptionId": "1"},
        {"subscriptionId": None},
        {"vmId": VM + "0"},
        {"vmId": [VM]},
        {"nonce": int(NONCE)},
        {"timeStamp": None},
        {"timeStamp": {"createdOn": "11/21/26 11:59:30 -0000"}},
        {"timeStamp": {"createdOn": "13/41/26 11:59:30 -0000", "expiresOn": "11/21/26 17:59:30 -0000"}},
        {"timeStamp": {"createdOn": "11/21/26 11:59:30 -0000", "expiresOn": "11/21/26 17:59:30 +0900"}},
        {"sku": "\x1b[2J"},
    ],
    ids=str,
)
def test_a_malformed_fact_is_refused(change):
    with pytest.raises(IdentityRefused, match=r"malformed|no time"):
        believed(signed(**change))


def test_another_content_under_the_same_signature_is_refused():
    raw = document(told(FACTS), KEY, SIGNER, attributes=False, embed=[SIGNER])

    with pytest.raises(IdentityRefused, match="signature is wrong"):
        believed(handed_out(raw.replace(VM.encode(), VM.replace("b", "a").encode())))


def test_another_key_under_the_signers_name_is_refused():
    with pytest.raises(IdentityRefused, match="signature is wrong"):
        believed(signed(key=rsa_key(6)))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=300)
@given(st.data())
def test_a_damaged_certificate_is_a_refusal_or_says_the_same(data):
    whole = document(told(FACTS), KEY, SIGNER, attributes=False, embed=[SIGNER])
    raw, begin = bytearray(whole), whole.index(der(SIGNER))
    raw[data.draw(st.integers(begin, begin + len(der(SIGNER)) - 1))] ^= data.draw(st.integers(1, 255))

    # Its authority's signature has more than one spelling.
    with suppress(IdentityRefused):
        assert believed(handed_out(bytes(raw))) == believed(handed_out(whole))


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
    st.sampled_from(sorted(FACTS)),
)
def test_any_value_of_a_fact_is_read_or_refused(value, name):
    with suppress(IdentityRefused):
        assert believed(signed(**{name: value}))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(junk):
    with pytest.raises(IdentityRefused):
        believed(junk)


SYSTEM_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")
REAL = {
    "azure_attested_regular.p7": (
        "metadata.azure.com",
        "20220419-072721",
        datetime(2022, 4, 19, 3, tzinfo=UTC),
    ),
    "azure_attested_govcloud.p7": (
        "metadata.azure.us",
        "20230308-230933",
        datetime(2023, 3, 8, 20, tzinfo=UTC),
    ),
}


def real_trust(service):
    with warnings.catch_warnings():
        # Some old root has a serial number that cryptography is going to refuse one day.
        warnings.simplefilter("ignore")
        roots = x509.load_pem_x509_certificates(SYSTEM_ROOTS.read_bytes())
    between = x509.load_pem_x509_certificates(vectors.content("azure_intermediates.pem"))
    issuers = {one.issuer for one in between}
    if issuers - {one.subject for one in roots}:
        pytest.skip("This system has dropped a root that Azure used at the time of the real documents.")
    return Trust(
        roots=[one for one in roots if one.subject in issuers], intermediates=between, service=service
    )


@needs_vectors
@pytest.mark.skipif(not SYSTEM_ROOTS.exists(), reason="This system has no roots of the web.")
@pytest.mark.parametrize("file", REAL)
def test_a_real_document_is_believed_at_its_time_and_refused_now(file):
    service, nonce, then = REAL[file]
    real, trust = handed_out(vectors.content(file)), real_trust(service)

    assert believed(real, nonce=nonce, now=then, trust=trust).nonce == nonce
    with pytest.raises(IdentityRefused):
        believed(real, nonce=nonce, now=NOW, trust=trust)
