import pytest
from cryptography.hazmat.primitives import serialization

from enclaves.identity.certificates import CertificatesMissing, aws_certificates, azure_trust
from tests.enclaves.identity.forge import certificate, rsa_key

ONE, TWO = certificate(rsa_key(), "one"), certificate(rsa_key(1), "two")


def pem(*certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def test_aws_has_a_file_for_each_region(tmp_path):
    (tmp_path / "us-east-1.pem").write_bytes(pem(ONE))
    (tmp_path / "eu-west-1.pem").write_bytes(pem(TWO, ONE))
    (tmp_path / "README").write_text("where they come from")

    assert aws_certificates(tmp_path) == {"us-east-1": [ONE], "eu-west-1": [TWO, ONE]}


def test_azure_has_a_file_of_roots_and_one_of_what_is_between(tmp_path):
    (tmp_path / "roots.pem").write_bytes(pem(ONE))
    (tmp_path / "between.pem").write_bytes(pem(TWO))

    trust = azure_trust(tmp_path / "roots.pem", tmp_path / "between.pem")

    assert (trust.roots, trust.intermediates, trust.service) == ([ONE], [TWO], "metadata.azure.com")


@pytest.mark.parametrize("content", [b"", b"hello", pem(ONE)[:200]], ids=["empty", "text", "cut"])
def test_a_file_without_certificates_is_no_trust(tmp_path, content):
    (tmp_path / "us-east-1.pem").write_bytes(content)

    with pytest.raises(CertificatesMissing, match=r"us-east-1\.pem"):
        aws_certificates(tmp_path)


def test_a_file_that_is_not_there_is_no_trust(tmp_path):
    with pytest.raises(CertificatesMissing):
        azure_trust(tmp_path / "roots.pem", tmp_path / "between.pem")
