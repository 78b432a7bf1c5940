"""The lifecycle policy of an account: after how many days blobs cool down and go."""

from typing import Any

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.types.shapes import READ_ONLY, child, choice, fit
from sandbox.azure.types.storage.accounts import NAME as ACCOUNT
from sandbox.azure.types.versions import STORAGE

NAME = f"{ACCOUNT}/managementPolicies"
MOST_RULES = 100
_DAYS = {
    "daysAfterModificationGreaterThan": int,
    "daysAfterCreationGreaterThan": int,
    "daysAfterLastAccessTimeGreaterThan": int,
}
_LATER = {"daysAfterCreationGreaterThan": int}
_BASE = {"tierToCool": _DAYS, "tierToCold": _DAYS, "tierToArchive": _DAYS, "delete": _DAYS}
_COPY = {"tierToCool": _LATER, "tierToCold": _LATER, "tierToArchive": _LATER, "delete": _LATER}
_RULE = {
    "name": str,
    "enabled": bool,
    "type": choice("Lifecycle"),
    "definition": {
        "actions": {"baseBlob": _BASE, "snapshot": _COPY, "version": _COPY},
        "filters": {"blobTypes": [choice("blockBlob", "appendBlob")], "prefixMatch": [str]},
    },
}
SHAPE = child(
    {
        "policy": {"rules": [_RULE]},
        "lastModifiedTime": READ_ONLY,
    }
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    rules = write.properties["policy"]["rules"]
    if not 1 <= len(rules) <= MOST_RULES:
        raise _bad(f"A policy has 1 to {MOST_RULES} rules.")
    names = [rule.get("name") for rule in rules]
    if not all(names) or len(set(names)) < len(names):
        raise _bad("Every rule needs a name of its own.")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: dict[str, Any]) -> None:
    definition = rule.get("definition") or {}
    if rule.get("type") is None:
        raise _bad(f"The rule '{rule['name']}' has no type.")
    if not (definition.get("filters") or {}).get("blobTypes"):
        raise _bad(f"The rule '{rule['name']}' names no blob types.")
    tiers = [tier for action in (definition.get("actions") or {}).values() for tier in action.items()]
    if not tiers:
        raise _bad(f"The rule '{rule['name']}' has no action.")
    for name, days in tiers:
        if len(days) != 1 or min(days.values()) < 0:
            raise _bad(f"The action '{name}' of the rule '{rule['name']}' needs one number of days.")
    types = definition["filters"]["blobTypes"]
    if "appendBlob" in types and any(name != "delete" for name, _ in tiers):
        raise _bad(f"The rule '{rule['name']}' moves append blobs between tiers, which have none.")


def _fill(write: Write) -> None:
    write.properties["lastModifiedTime"] = write.world.clock.iso()


def _bad(text: str) -> ArmError:
    return refused("InvalidRequestPropertyValue", text, "properties.policy.rules")


register(
    ResourceType(
        name=NAME,
        api_versions=STORAGE,
        required=("properties.policy.rules",),
        needs_location=False,
        name_pattern="default",
        check=_check,
        fill=_fill,
    )
)
