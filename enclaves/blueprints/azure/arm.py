"""ARM templates as plain values, and how they are written down."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from enclaves.blueprints.azure.names import REGISTRATION_TAG, SERVICE_TAG, VERSION_TAG
from enclaves.blueprints.azure.versions import DEPLOYMENTS, ROLE_ASSIGNMENTS, VERSIONS
from enclaves.blueprints.base import TEMPLATE_VERSION

type Node = dict[str, Any]

_SCHEMAS = "https://schema.management.azure.com/schemas"
OF_SUBSCRIPTION = f"{_SCHEMAS}/2018-05-01/subscriptionDeploymentTemplate.json#"
OF_GROUP = f"{_SCHEMAS}/2019-04-01/deploymentTemplate.json#"


def template(
    resources: list[Node],
    *,
    schema: str = OF_SUBSCRIPTION,
    description: str = "",
    parameters: Mapping[str, Node] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> Node:
    told = {"metadata": {"description": description}} if description else {}
    return {
        "$schema": schema,
        "contentVersion": f"{TEMPLATE_VERSION}.0.0.0",
        **told,
        "parameters": dict(parameters or {}),
        "resources": resources,
        "outputs": {name: {"type": "string", "value": value} for name, value in (outputs or {}).items()},
    }


def parameter(name: str) -> str:
    return f"[parameters('{name}')]"


def reference(resource_id: str, kind: str, path: str) -> str:
    """Read what is known of a resource only once it is there."""
    return f"[reference('{resource_id}', '{VERSIONS[kind]}').{path}]"


def resource(kind: str, name: str, /, *, after: Iterable[str] = (), **body: Any) -> Node:
    """Write a resource; ``after`` are the ids of those of the same template that have to be there before."""
    node = {"type": kind, "apiVersion": VERSIONS[kind], "name": name, **body}
    waits = list(after)
    return {**node, "dependsOn": waits} if waits else node


def nested(
    name: str, group: str, resources: list[Node], *, parameters: Mapping[str, str], after: Iterable[str]
) -> Node:
    """Make resources in a group; ``parameters`` are handed on by their names, each with its type."""
    inner = template(
        resources, schema=OF_GROUP, parameters={name: {"type": kind} for name, kind in parameters.items()}
    )
    return resource(
        DEPLOYMENTS,
        name,
        after=after,
        resourceGroup=group,
        properties={
            "mode": "Incremental",
            # Each template reads its own parameters, so what it needs can be seen in it.
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {each: {"value": parameter(each)} for each in parameters},
            "template": inner,
        },
    )


def assignment(
    name: str, role_id: str, principal: str, *, scope: str = "", after: Iterable[str] = ()
) -> Node:
    """Give a role to an identity; without a scope, on all of what the template is deployed to."""
    where = {"scope": scope} if scope else {}
    return resource(
        ROLE_ASSIGNMENTS,
        name,
        after=after,
        **where,
        properties={
            "roleDefinitionId": role_id,
            "principalId": principal,
            # Without it Azure looks for a new identity in a directory that may not know it yet.
            "principalType": "ServicePrincipal",
        },
    )


def tags(registration: str, service: str, **more: str) -> Node:
    """Tag something as ours."""
    return {
        REGISTRATION_TAG: registration,
        VERSION_TAG: str(TEMPLATE_VERSION),
        SERVICE_TAG: service,
        **more,
    }


def choice(kind: str, default: Any, description: str, **limits: Any) -> Node:
    """Declare a parameter that is filled in, and that the tenant may change."""
    return {"type": kind, "defaultValue": default, **limits, "metadata": {"description": description}}


def right_subscription(account: str) -> Node:
    """Refuse the template in any subscription but the one that it was made for."""
    return choice(
        "string",
        "[subscription().subscriptionId]",
        "The subscription that this template was made for. Leave it.",
        allowedValues=[account],
    )


def skipping(node: Node, **checks: str) -> Node:
    """Tell checkov what not to ask of this resource, and the reader why."""
    skip = [f"checkov:skip={check}: {reason}" for check, reason in checks.items()]
    return {**node, "metadata": {"checkov": skip}}


def render(node: Mapping[str, Any]) -> str:
    """Write a template as JSON, in the order in which it was made."""
    return json.dumps(node, indent=2) + "\n"
