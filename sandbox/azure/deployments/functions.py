"""The functions of the template language that need nothing but their arguments."""

import re
from typing import Any

from sandbox.azure.deployments.syntax import invalid

type Json = Any


def concat(*parts: Json) -> Json:
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    return "".join(text("concat", part) for part in parts)


def fill(pattern: Json, *values: Json) -> str:
    """format(): `{0}` is the first value, `{{` a brace."""

    def one(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[1] is None or int(found[1]) >= len(values):
            raise invalid(f"Unable to evaluate template language function 'format': '{pattern}' is not valid")
        return text("format", values[int(found[1])])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}|[{}]", one, text("format", pattern))


def text(where: str, value: Json) -> str:
    """A value as it is written into a text."""
    if isinstance(value, str | int):
        return str(value)
    raise invalid(f"The template language takes no object and no null in '{where}'")


def resource_id(subscription: str, group: str | None, *parts: str) -> str:
    """resourceId(): a subscription and a group may stand before the type."""
    at = _type_at("resourceId", parts)
    if at == 2:  # noqa: PLR2004 -- subscription and group
        subscription, group = parts[0], parts[1]
    elif at == 1:
        group = parts[0]
    elif at > 1:
        raise invalid("Unable to evaluate template language function 'resourceId': too many arguments")
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    return scope + _below("resourceId", *parts[at:])


def subscription_resource_id(subscription: str, *parts: str) -> str:
    at = _type_at("subscriptionResourceId", parts)
    if at > 1:
        raise invalid(
            "Unable to evaluate template language function 'subscriptionResourceId': too many arguments"
        )
    return f"/subscriptions/{parts[0] if at else subscription}" + _below(
        "subscriptionResourceId", *parts[at:]
    )


def extension_resource_id(scope: str, *parts: str) -> str:
    return scope.rstrip("/") + _below("extensionResourceId", *parts)


def tenant_resource_id(*parts: str) -> str:
    return _below("tenantResourceId", *parts)


def _type_at(function: str, parts: tuple[str, ...]) -> int:
    for at, part in enumerate(parts):
        if "/" in str(part):
            return at
    raise _no_type(function)


def _below(function: str, *parts: str) -> str:
    if not parts or "/" not in str(parts[0]):
        raise _no_type(function)
    kind, *names = parts
    namespace, *types = kind.split("/")
    if len(types) != len(names):
        raise invalid(
            f"Unable to evaluate template language function '{function}': the type '{kind}' requires "
            f"'{len(types)}' resource name argument(s)"
        )
    pairs = "/".join(f"{word}/{name}" for word, name in zip(types, names, strict=True))
    return f"/providers/{namespace}/{pairs}"


def _no_type(function: str) -> Exception:
    return invalid(
        f"Unable to evaluate template language function '{function}': "
        "a fully qualified resource type is expected, such as 'Microsoft.Compute/virtualMachines'"
    )
