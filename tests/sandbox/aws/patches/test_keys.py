import pytest


@pytest.mark.parametrize("named", ["KeyId", "Arn"])
def test_a_key_that_is_off_encrypts_nothing(root, code, named):
    kms = root("kms")
    key = kms.create_key()["KeyMetadata"]
    before = code(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")

    kms.disable_key(KeyId=key[named])

    assert [before, code(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")] == ["ok", "DisabledException"]


def test_a_key_that_is_on_again_works_again(root, code):
    kms = root("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=key)

    kms.enable_key(KeyId=key)

    assert code(kms.generate_data_key, KeyId=key, KeySpec="AES_256") == "ok"


def test_a_key_that_waits_for_its_end_does_nothing(root, code):
    kms = root("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]

    kms.schedule_key_deletion(KeyId=key)

    assert code(kms.generate_data_key, KeyId=key, KeySpec="AES_256") == "KMSInvalidStateException"
