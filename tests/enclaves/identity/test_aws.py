from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclaves.identity.aws import AwsInstance, verify_document
from enclaves.identity.certificates import load
from enclaves.identity.errors import IdentityRefused
from tests.enclaves.identity import vectors
from tests.enclaves.identity.forge import HOUR, NOW, certificate, document, handed_out, rsa_key, told
from tests.enclaves.identity.vectors import needs_vectors

REGION = "us-east-1"
FACTS = {
    "accountId": "111122223333",
    "architecture": "arm64",
    "availabilityZone": "us-east-1c",
    "billingProducts": None,
    "imageId": "ami-0123456789abcdef0",
    "instanceId": "i-0123456789abcdef0",
    "instanceType": "m7g.2xlarge",
    "kernelId": None,
    "pendingTime": "2026-11-21T11:59:00Z",
    "privateIp": "10.0.0.9",
    "region": REGION,
    "version": "2017-09-30",
}
KEY, ELSEWHERE_KEY = rsa_key(), rsa_key(1)
HERE, ELSEWHERE = certificate(KEY, "AWS here"), certificate(ELSEWHERE_KEY, "AWS elsewhere")
CERTIFICATES = {REGION: [HERE], "eu-west-1": [ELSEWHERE]}


def signed(*, key=KEY, signer=HERE, content=None, **changes):
    return handed_out(document(content or told({**FACTS, **changes}), key, signer))


def believed(text, *, region=REGION, now=NOW, certificates=CERTIFICATES):
    return verify_document(text, region, now, certificates)


def test_what_aws_says_is_read():
    assert believed(signed()) == AwsInstance(
        account="111122223333",
        region=REGION,
        availability_zone="us-east-1c",
        instance_id="i-0123456789abcdef0",
        instance_type="m7g.2xlarge",
        image_id="ami-0123456789abcdef0",
        architecture="arm64",
        pending_time=datetime(2026, 11, 21, 11, 59, tzinfo=UTC),
    )


def test_the_next_certificate_of_a_region_is_believed_beside_the_present_one():
    following = {REGION: [ELSEWHERE, HERE]}

    assert believed(signed(), certificates=following)
    assert believed(signed(key=ELSEWHERE_KEY, signer=ELSEWHERE), certificates=following)


def test_a_document_of_another_region_is_refused_though_it_names_this_one():
    with pytest.raises(IdentityRefused, match="not signed by AWS in us-east-1"):
        believed(signed(key=ELSEWHERE_KEY, signer=ELSEWHERE))


def test_the_region_where_we_launched_decides_not_the_document():
    with pytest.raises(IdentityRefused, match="an instance in eu-west-1"):
        believed(signed(region="eu-west-1"))


def test_a_region_whose_certificate_nobody_shipped_believes_nothing():
    with pytest.raises(IdentityRefused, match="not signed by AWS in ap-south-1"):
        believed(signed(region="ap-south-1"), region="ap-south-1")


@pytest.mark.parametrize("moment", [NOW - 2 * HOUR, NOW + 11 * HOUR])
def test_a_certificate_counts_while_it_is_valid(moment):
    with pytest.raises(IdentityRefused, match="not valid now"):
        believed(signed(), now=moment)


def test_an_instance_of_the_future_is_refused():
    with pytest.raises(IdentityRefused, match="future"):
        believed(signed(pendingTime="2026-11-21T12:05:01Z"))
    assert believed(signed(pendingTime="2026-11-21T12:05:00Z"))


@pytest.mark.parametrize(
    "change",
    [
        {"accountId": "1111"},
        {"accountId": 111122223333},
        {"accountId": None},
        {"accountId": "111122223333\n"},
        {"instanceId": "i-1"},
        {"instanceId": "../i-0123456789abcdef0"},
        {"imageId": ""},
        {"architecture": "mips"},
        {"pendingTime": "yesterday"},
        {"pendingTime": "2026-02-30T00:00:00Z"},
        {"pendingTime": "0000-01-01T00:00:00Z"},
        {"version": "2099-01-01"},
        {"region": ["us-east-1"]},
    ],
    ids=str,
)
def test_a_malformed_fact_is_refused(change):
    with pytest.raises(IdentityRefused, match="malformed"):
        believed(signed(**change))


@pytest.mark.parametrize("name", ["accountId", "instanceId", "imageId", "region", "pendingTime", "version"])
def test_a_missing_fact_is_refused(name):
    facts = {key: value for key, value in FACTS.items() if key != name}

    with pytest.raises(IdentityRefused, match=name):
        believed(signed(content=told(facts)))


ODD_CONTENTS = {
    "a list": b"[]",
    "nothing": b"null",
    "a name twice": told(FACTS)[:-1] + b', "accountId": "999999999999"}',
    "not a number": told(FACTS)[:-1] + b', "x": NaN}',
    "a deep nest": b"[" * 15_000 + b"]" * 15_000,
    "no text": b"\xff\xfe",
    "cut": told(FACTS)[:-1],
    "a long number": b'{"a": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("what", ODD_CONTENTS)
def test_what_is_signed_but_odd_is_refused(what):
    with pytest.raises(IdentityRefused):
        believed(signed(content=ODD_CONTENTS[what]))


@pytest.mark.parametrize("text", [b"", b"!!!!", b"aGVsbG8", signed()[:-6], signed() + b"#"], ids=range(5))
def test_what_is_no_document_is_refused(text):
    with pytest.raises(IdentityRefused):
        believed(text)


@given(
    st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists),
    st.sampled_from(sorted(FACTS)),
)
def test_any_value_of_a_fact_is_read_or_refused(value, name):
    with suppress(IdentityRefused):
        assert believed(signed(**{name: value}))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(junk):
    with pytest.raises(IdentityRefused):
        believed(junk)


@needs_vectors
def test_a_real_document_is_believed_with_its_regions_certificate_only():
    real, then = handed_out(vectors.content("aws_iid_rsa2048_0.p7")), datetime(2021, 9, 3, 21, 30, tzinfo=UTC)
    shipped = load(vectors.path("aws_rsa2048_certs.pem"))

    found = believed(real, region="us-west-2", now=then, certificates={"us-west-2": shipped})
    [own] = [one for one in shipped if _believes(real, one, then)]

    assert (found.account, found.instance_id) == ("278576220453", "i-078517ca8a70a1dde")
    assert found.pending_time == then - timedelta(minutes=4, seconds=16)
    others = [one for one in shipped if one != own]
    with pytest.raises(IdentityRefused, match="not signed by AWS"):
        believed(real, region="us-west-2", now=then, certificates={"us-west-2": others})


def _believes(real, one, then):
    with suppress(IdentityRefused):
        return bool(believed(real, region="us-west-2", now=then, certificates={"us-west-2": [one]}))


@needs_vectors
def test_a_real_document_with_another_account_is_refused():
    real = vectors.content("aws_iid_rsa2048_0.p7").replace(b"278576220453", b"278576220454")
    shipped = {"us-west-2": load(vectors.path("aws_rsa2048_certs.pem"))}

    with pytest.raises(IdentityRefused, match="does not fit"):
        believed(handed_out(real), region="us-west-2", certificates=shipped)


@needs_vectors
def test_the_old_document_with_dsa_and_sha_1_is_refused():
    shipped = {"ap-southeast-2": load(vectors.path("aws_dsa_cert.pem"))}

    with pytest.raises(IdentityRefused, match="SHA-256"):
        believed(handed_out(vectors.content("aws_iid_dsa.p7")), region="ap-southeast-2", certificates=shipped)
