import pytest
from moto.kms import models


@pytest.fixture
def kms(root):
    return root("kms")


def test_no_two_keys_that_sign_are_the_same(aws):
    one, other = (models.generate_private_key("RSA_2048") for _ in range(2))

    assert one.public_key() != other.public_key()


def test_what_one_key_encrypted_another_cannot_read(kms, code):
    one, other = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    secret = kms.encrypt(KeyId=one, Plaintext=b"secret")["CiphertextBlob"]

    assert kms.decrypt(KeyId=one, CiphertextBlob=secret)["Plaintext"] == b"secret"
    assert code(kms.decrypt, KeyId=other, CiphertextBlob=secret) != "ok"


def test_a_call_that_the_engine_does_not_know_is_still_not_known(kms, code):
    assert code(kms.describe_custom_key_stores) == "NotImplemented"
