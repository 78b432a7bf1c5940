"""CloudFormation as plain values, and how it is written down."""

from collections.abc import Mapping
from typing import Any

import yaml

from enclaves.blueprints.base import TEMPLATE_VERSION

type Node = dict[str, Any]


def ref(name: str) -> Node:
    return {"Ref": name}


def att(name: str, attribute: str) -> Node:
    return {"Fn::GetAtt": [name, attribute]}


def sub(text: str) -> Node:
    return {"Fn::Sub": text}


def tags(**more: Any) -> list[Node]:
    """Tag something as ours; ``service`` and ``zone`` are put into our namespace."""
    ours = {"registration": ref("RegistrationId"), "template-version": str(TEMPLATE_VERSION), **more}
    return [{"Key": f"enclave:{key}", "Value": value} for key, value in ours.items()]


def resource(kind: str, *, after: str | tuple[str, ...] = (), **properties: Any) -> Node:
    node: Node = {"Type": f"AWS::{kind}"}
    if after:
        node["DependsOn"] = after if isinstance(after, str) else list(after)
    return {**node, "Properties": properties}


def kept(node: Node) -> Node:
    """Keep the thing when its stack goes, because what depends on it outlives the stack."""
    return {**node, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def skipping(node: Node, **checks: str) -> Node:
    """Tell checkov what not to ask of this resource, and the reader why."""
    skip = [{"id": check, "comment": reason} for check, reason in checks.items()]
    return {**node, "Metadata": {"checkov": {"skip": skip}}}


def substituted(node: Any) -> Any:
    """Turn each text that holds ``${Names}`` into a substitution."""
    match node:
        case str() if "${" in node:
            return sub(node)
        case list():
            return [substituted(each) for each in node]
        case Mapping():
            return {key: substituted(each) for key, each in node.items()}
    return node


def render(title: str, template: Mapping[str, Any]) -> str:
    """Write a template as YAML, in the order in which it was made."""
    heading = "".join(f"# {line}\n" for line in title.splitlines())
    return heading + yaml.dump(dict(template), Dumper=_Plain, sort_keys=False, width=110)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        # CloudFormation's YAML knows no anchors.
        return True
