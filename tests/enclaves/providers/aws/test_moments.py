import pytest

from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.names import PROVISIONER, archive_bucket
from tests.enclaves.providers.tenant_account import PLACE, wrong


@pytest.fixture
def broken(enclave, launch, resources):
    """The standing enclave with something broken in each service, and something new."""
    launch()
    enclave.root("ec2").create_vpc(CidrBlock="10.6.0.0/16")
    enclave.root("iam").delete_role_policy(RoleName=PROVISIONER, PolicyName=PROVISIONER)
    enclave.root("kms").disable_key(KeyId=resources["disk_key_arn"])
    enclave.root("s3").delete_bucket(Bucket=archive_bucket(enclave.number, PLACE.zone))
    enclave.root("s3").create_bucket(Bucket=f"{enclave.number}-new")
    enclave.apply_account(enclave.account_template(manifest.PERMISSIONS[1:]))
    return enclave


def test_after_a_test_the_account_is_as_it_was(broken, before, resources):
    stacks, vpcs = len(broken.aws.stacks.listed()), len(broken.root("ec2").describe_vpcs()["Vpcs"])

    before.come_back()

    proof = broken.provider().prove_zone(PLACE)
    assert (wrong(proof.findings), proof.resources) == ({}, resources)
    assert wrong(broken.provider().prove_account()) == {}
    assert broken.instances() == []
    assert [each["Name"] for each in broken.root("s3").list_buckets()["Buckets"]] == [
        archive_bucket(broken.number, PLACE.zone)
    ]
    assert len(broken.root("ec2").describe_vpcs()["Vpcs"]) == vpcs - 1
    assert len(broken.aws.stacks.listed()) == stacks


def test_one_can_come_back_again_and_again(enclave, before):
    bucket = archive_bucket(enclave.number, PLACE.zone)

    for _ in range(2):
        enclave.root("s3").delete_bucket(Bucket=bucket)
        before.come_back()

    enclave.apply_account()
    enclave.apply_zone()
    assert wrong(enclave.provider().prove_zone(PLACE).findings) == {}
