"""What Resource Manager itself keeps: resource groups and the features of a subscription."""

from sandbox.azure.errors import refused
from sandbox.azure.ids import GROUP_TYPE, within
from sandbox.azure.operations import Result
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.world import FEATURES, World

KNOWN_FEATURES = ("microsoft.compute/encryptionathost",)
GROUP_VERSIONS = ("2025-04-01", "2024-11-01", "2024-03-01", "2023-07-01", "2022-09-01", "2021-04-01")
FEATURE_SECONDS = 900.0


def _tags(write: Write) -> None:
    write.body.setdefault("tags", {})


def _forget_deployments(world: World, group: Resource) -> None:
    for key in [key for key in world.deployments if within(group["id"], key)]:
        del world.deployments[key]


def _known_feature(write: Write) -> None:
    feature = "/".join(write.id.names).lower()
    if feature not in KNOWN_FEATURES:
        text = f"The feature '{feature}' could not be found: the sandbox knows none such."
        raise refused("FeatureNotFound", text, status=404)


def _begin_registration(write: Write) -> None:
    if write.old and write.old["properties"]["state"] == "Registered":
        write.properties["state"] = "Registered"
        return
    write.properties["state"] = "Registering"

    def finish() -> Result:
        write.properties["state"] = "Registered"
        return None

    seconds = write.world.seconds(FEATURE_SECONDS)
    write.world.operations.start(write.id, write.caller.object_id, finish, seconds=seconds)


register(
    ResourceType(
        name=GROUP_TYPE,
        api_versions=GROUP_VERSIONS,
        allowed=frozenset(),
        delete_seconds=15,
        fill=_tags,
        deleted=_forget_deployments,
    ),
    ResourceType(
        name=FEATURES,
        api_versions=("2021-07-01",),
        needs_location=False,
        needs_parent=False,
        check=_known_feature,
        fill=_begin_registration,
    ),
)
