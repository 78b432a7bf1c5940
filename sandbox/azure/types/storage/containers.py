"""The blob service of an account and its containers."""

import re

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.shapes import READ_ONLY, AnyKeys, child, choice, fit
from sandbox.azure.types.storage.accounts import NAME as ACCOUNT
from sandbox.azure.types.versions import STORAGE
from sandbox.azure.world import World

SERVICE = f"{ACCOUNT}/blobServices"
NAME = f"{SERVICE}/containers"
_CONTAINER_NAME = re.compile(r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]")
_RETENTION = {"enabled": bool, "days": int, "allowPermanentDelete": bool}
RETENTION_DAYS = range(1, 366)

SERVICE_SHAPE = child(
    {
        "deleteRetentionPolicy": _RETENTION,
        "containerDeleteRetentionPolicy": _RETENTION,
        "isVersioningEnabled": bool,
        "changeFeed": {"enabled": bool, "retentionInDays": int},
    }
)
SHAPE = child(
    {
        "publicAccess": choice("None", "Blob", "Container"),
        "metadata": AnyKeys(str),
        "defaultEncryptionScope": choice("$account-encryption-key"),
        "denyEncryptionScopeOverride": bool,
        "hasImmutabilityPolicy": READ_ONLY,
        "hasLegalHold": READ_ONLY,
        "lastModifiedTime": READ_ONLY,
        "leaseState": READ_ONLY,
        "leaseStatus": READ_ONLY,
    }
)


def _check_service(write: Write) -> None:
    fit(write.body, SERVICE_SHAPE)
    for name in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        policy = write.properties.get(name) or {}
        if policy.get("enabled") and policy.get("days") not in RETENTION_DAYS:
            text = f"The value of properties.{name}.days must be between 1 and 365."
            raise refused("InvalidRequestPropertyValue", text, name)


def _forbids_service_deletion(_world: World, service: Resource) -> None:
    text = f"The requested resource {service['id']} does not support http method 'DELETE'."
    raise ArmError(405, "MethodNotAllowed", text)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    if not _CONTAINER_NAME.fullmatch(write.id.name):
        text = f"The specified resource name '{write.id.name}' contains invalid characters."
        raise refused("ContainerOperationFailure", text)
    public = write.properties.get("publicAccess", "None") != "None"
    if public and not _account(write)["properties"]["allowBlobPublicAccess"]:
        text = "Public access is not permitted on this storage account."
        raise ArmError(409, "PublicAccessNotPermitted", text)


def _account(write: Write) -> Resource:
    return write.world.need(write.id.text.rpartition("/blobServices/")[0])


def _fill(write: Write) -> None:
    write.properties.setdefault("publicAccess", "None")
    write.properties.update(
        leaseStatus="Unlocked",
        leaseState="Available",
        lastModifiedTime=write.world.clock.iso(),
        hasImmutabilityPolicy=False,
        hasLegalHold=False,
    )


register(
    ResourceType(
        name=SERVICE,
        api_versions=STORAGE,
        needs_location=False,
        name_pattern="default",
        check=_check_service,
        forbids_deletion=_forbids_service_deletion,
    ),
    ResourceType(name=NAME, api_versions=STORAGE, needs_location=False, check=_check, fill=_fill),
)
