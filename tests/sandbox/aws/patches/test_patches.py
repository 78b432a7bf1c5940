"""The engine is pinned; if it changes all the same, what we replace in it must be read again."""

import ast
import hashlib
import importlib.util
from importlib.metadata import version
from pathlib import Path

import pytest

REPLACED = {
    "backends:list_of_moto_modules": "f7f966c4452733db",
    "ec2.models.amis:AmiBackend._load_amis": "4adae04303990d2c",
    "ec2.models.availability_zones_and_regions:RegionsAndZonesBackend.describe_availability_zones": (
        "682fa05a46fe56ea"
    ),
    "ec2.models.core:TaggedEC2Resource.get_tags": "b553f9d0294b3388",
    "ec2.models.elastic_block_store:EBSBackend.describe_volumes": "da4efe7bf36a199b",
    "ec2.models.instance_types:InstanceTypeBackend.describe_instance_types": "6629c37d21167779",
    "ec2.models.instance_types:InstanceTypeOfferingBackend.describe_instance_type_offerings": (
        "fe5661bc67838358"
    ),
    "ec2.models.instances:Instance.__init__": "9d9f8f3dde667a77",
    "ec2.models.instances:Instance.instance_status": "f5155616e9039331",
    "ec2.models.instances:Instance.system_status": "5de5878e0d18dc62",
    "ec2.models.instances:Instance.terminate": "396b0ac2e75dfb84",
    "ec2.models.instances:InstanceBackend.get_instance": "1ed869bf8e351c98",
    "ec2.models.instances:InstanceBackend.get_instance_by_id": "e12475527f351fcd",
    "ec2.models.instances:InstanceBackend.get_multi_instances_by_id": "34b0f2b48ccbcd7c",
    "ec2.models.instances:InstanceBackend.run_instances": "dd60feb39f7604a6",
    "ec2.models.instances:InstanceState": "8be1d0fce211fcd1",
    "ec2.models.nat_gateways:NatGatewayBackend.delete_nat_gateway": "254f1fc2d1a3e31e",
    "ec2.models.security_groups:SecurityGroupBackend.delete_security_group": "6c190ab0661f2169",
    "ec2.models.subnets:SubnetBackend.create_subnet": "473d1bd19cf0c43b",
    "ec2.models.subnets:SubnetBackend.delete_subnet": "f51eb45132a54e5d",
    "ec2.models.vpcs:VPCBackend.delete_vpc": "09a389901609d031",
    "ec2.responses.instances:InstanceResponse.describe_instances": "0044040c5cb95551",
    "ec2.responses.instances:InstanceResponse.describe_instance_status": "f526dd03ed488097",
    "ec2.responses.instances:InstanceResponse.describe_instance_types": "892f8a954af29ebd",
    "ec2.responses.instances:InstanceResponse.describe_instance_type_offerings": "1c70512a034ac29b",
    "ec2.responses.instances:InstanceResponse.run_instances": "504f3b73da1e12df",
    "iam.models:IAMBackend._init_aws_policies": "d472d54042083f16",
    "kms.models:KmsBackend.disable_key": "8e83aececb5a97ad",
    "kms.models:KmsBackend.enable_key": "587487b19eeab1a9",
    "kms.models:KmsBackend.schedule_key_deletion": "40f0142000c2c44d",
    "kms.models:KmsBackend.cancel_key_deletion": "2eb64f806efe278a",
    "kms.models:KmsBackend.encrypt": "2416884c62013fe5",
    "kms.models:KmsBackend.generate_data_key": "592947313542448b",
    "s3.models:FakeBucket.get_permission": "c6c76f9a5ec0fc4d",
}


def source_of(place: str) -> str:
    """The source text of a method of the engine, as it is on disk: ``ec2.models.subnets:Subnet.method``."""
    module, _, path = place.partition(":")
    text = Path(importlib.util.find_spec(f"moto.{module}").origin).read_text(encoding="utf-8")
    node = ast.parse(text)
    for name in path.split("."):
        node = next(child for child in node.body if getattr(child, "name", None) == name)
    return ast.get_source_segment(text, node)


def digest(place: str) -> str:
    return hashlib.sha256(source_of(place).encode()).hexdigest()[:16]


@pytest.mark.parametrize("place", REPLACED)
def test_what_is_replaced_is_what_was_read(place):
    assert digest(place) == REPLACED[place]


def test_the_engine_is_the_version_that_was_read():
    assert version("moto") == "5.2.5"
