import pytest

from tests.sandbox.azure.types.bodies import ACCOUNT, account, spoiled

A = f"{ACCOUNT}/archive1"
SERVICE = f"{A}/blobServices/default"
PRIVATE = {"properties": {"publicAccess": "None"}}


@pytest.fixture(autouse=True)
def _account(cloud):
    cloud.put(A, account())


def test_a_container_is_private(cloud):
    made = cloud.put(f"{SERVICE}/containers/logs", {"properties": {}})["properties"]

    assert (made["publicAccess"], made["leaseState"]) == ("None", "Available")


@pytest.mark.parametrize("name", ["lo", "Logs", "lo--gs", "-logs", "l" * 64])
def test_a_container_has_a_name_of_its_kind(cloud, name):
    assert cloud.refusal(f"{SERVICE}/containers/{name}", PRIVATE) == "ContainerOperationFailure"


def test_a_container_is_public_only_where_the_account_allows_it(cloud):
    public = spoiled(PRIVATE, "properties.publicAccess", "Blob")

    assert cloud.refusal(f"{SERVICE}/containers/logs", public) == "PublicAccessNotPermitted"
    cloud.put(A, account(allowBlobPublicAccess=True))
    assert cloud.put(f"{SERVICE}/containers/logs", public) is not None


@pytest.mark.parametrize("days", [0, 366])
def test_deleted_blobs_are_kept_a_year_at_most(cloud, days):
    policy = {"deleteRetentionPolicy": {"enabled": True, "days": days}}

    assert cloud.refusal(SERVICE, {"properties": policy}) == "InvalidRequestPropertyValue"


def test_deleted_blobs_may_be_kept(cloud):
    policy = {"deleteRetentionPolicy": {"enabled": True, "days": 31}}

    assert cloud.put(SERVICE, {"properties": policy})["properties"]["deleteRetentionPolicy"]["days"] == 31


def test_a_blob_service_goes_only_with_its_account(cloud):
    cloud.put(f"{SERVICE}/containers/logs", PRIVATE)

    assert cloud.stays(SERVICE) == "MethodNotAllowed"
    cloud.delete(A)
    assert (cloud.get(SERVICE), cloud.get(f"{SERVICE}/containers/logs")) == (None, None)


def test_there_is_one_blob_service(cloud):
    assert cloud.refusal(f"{A}/blobServices/second", {"properties": {}}) == "InvalidResourceName"
