import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.spiffe import SpiffeId
from tests.enclaves.signing.made import HOST

PARTS = {
    "domain": "portal.example.com",
    "tenant": "acme",
    "cloud": "aws",
    "account": "111122223333",
    "zone": "prod.aws-us-east-1c",
    "host": HOST,
}
TEXT = f"spiffe://portal.example.com/t/acme/aws/111122223333/z/prod.aws-us-east-1c/h/{HOST}"


def test_a_name_is_written_and_read():
    assert str(SpiffeId(**PARTS)) == TEXT
    assert SpiffeId.parse(TEXT) == SpiffeId(**PARTS)


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "acme/aws/1/z/z/h/x"},
        {"tenant": ""},
        {"tenant": "Acme"},
        {"tenant": "acme%2f"},
        {"zone": "../x"},
        {"zone": "a/b"},
        {"cloud": "gcp"},
        {"host": "1"},
        {"host": HOST.upper()},
        {"domain": "portal.example.com:443"},
        {"domain": "a@b"},
        {"account": "1" * 40},
    ],
)
def test_a_part_never_reaches_into_the_next_one(change):
    with pytest.raises(SigningRefused):
        SpiffeId(**{**PARTS, **change})


@pytest.mark.parametrize(
    "text",
    ["", TEXT + "/", TEXT + "\n", TEXT.upper(), "https" + TEXT[6:], TEXT + "?x", TEXT.replace("/t/", "//t/")],
)
def test_there_is_one_spelling(text):
    with pytest.raises(NotTrusted):
        SpiffeId.parse(text)


@given(st.text(max_size=120))
def test_any_text_is_refused(text):
    with pytest.raises(NotTrusted):
        SpiffeId.parse(text)
