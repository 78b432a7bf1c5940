"""The OpenAPI document as a whole: how to begin, what the nouns are, and the schema of a spec."""

from copy import deepcopy
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer2
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.services.spec import SCHEMA
from tenants.api.base import PortalAPIView

DESCRIPTION = """\
Register cloud accounts, prove them, deploy into them, and watch. All that the web pages can do.

**Who you are.** Send `Authorization: Bearer ep_…`. A token belongs to one tenant. It is held by a service
account, which an admin makes on the page *Service accounts*, and may what this account may; or by a person,
who makes it on the page *Personal tokens*, and never may more than they.

**The walk** from nothing to hosts; `…` stands for `/api/v1/tenants/{tenant}`:

1. `POST …/cloud-accounts/` with `{"account": "aws:111122223333"}` registers an account. For a subscription:
   `{"account": "azure:…", "azure_tenant_id": "…"}`.
2. `GET …/cloud-accounts/{account}/templates/account/` downloads the account template. Apply it in the
   account with your own rights; with `Accept: application/json` the answer also has the command line.
   In Azure, hand the output `observerClientId` in: `POST …/cloud-accounts/{account}/client-id/`.
3. `POST …/cloud-accounts/{account}/verify/` runs every check and answers with an operation. Read
   `…/operations/{id}/` until `ended_at` is set, then `…/cloud-accounts/{account}/checks/`. Once all have
   passed, the account is `verified`.
4. `GET /api/v1/zones/` lists the zones; `POST …/enclaves/` adds one to the account.
5. `GET …/cloud-accounts/{account}/templates/zone/?zone=…` downloads its zone template. Apply it too, and
   verify once more. The enclave is `ready`.
6. `POST …/deployments/` takes a spec and answers with a revision, its plan and the hash of that plan.
7. `POST …/deployments/{id}/apply/` with that `plan_hash` answers with the operation to watch.
8. `GET …/hosts/?deployment={id}` shows the hosts: `planned`, `provisioned`, `ready`, then `active`.

**Getting onto a host.** `POST …/access-requests/` asks for hosts by their ids. Somebody else decides: an
approver of the vendor on what members ask, an admin of the tenant on what the vendor's people ask. Read
`…/access-requests/{name}/` until its `state` is `active`, have your own SSH key certified by
`POST …/access-requests/{name}/certificate/`, and log in at the gateway as `{name}` with it. At `ends_at` it
is over; `nothing_left_at` says when it was verified that no login, session or process is left.

**Conventions.** Names are in snake_case, times are RFC 3339 in UTC. A list is
`{"next", "previous", "results"}`: follow `next` until it is null; `limit` sets the size of a page, 500 at
most. A filter that does not exist is refused. Errors are problem documents (RFC 9457) with `status` and
`detail`, and for bad input `errors`, which name each `field`. What is not yours is 404, a right that you
lack 403, a state that forbids 409, bad input 400. Work that takes time answers 202 with an operation and
its `Location`.

**Again.** A POST with an `Idempotency-Key` can be repeated for 24 hours: the second answer is the first
one, with `Idempotency-Replayed: true`. Single things carry an `ETag`; sent back as `If-None-Match`, it
makes the answer a short 304 while nothing has changed.

**Live.** `/events/{tenant}/` is a stream of server-sent events for the same token: each names what changed.
"""
TAGS = [
    {"name": "zones", "description": "Where the vendor offers to run."},
    {"name": "cloud accounts", "description": "Registering accounts, and proving that they are yours."},
    {"name": "enclaves", "description": "An account in a zone."},
    {"name": "deployments", "description": "Applications, their specs and plans, and applying them."},
    {"name": "hosts", "description": "The machines that the portal made."},
    {
        "name": "access",
        "description": "Temporary SSH access to hosts: asked, decided, recorded, ended. Deciding takes a "
        "person with a second factor in a browser's session. A personal token may ask for its "
        "person; any token may look, and an admin's may end.",
    },
    {"name": "operations", "description": "Work that a worker does, and how it goes."},
    {"name": "tenants", "description": "Members, service accounts, tokens, the freeze and the audit."},
    {
        "name": "staff",
        "description": "For the vendor's people, over all tenants: with a browser's session and a second "
        "factor, never with a token. Each tenant sees in its audit what was looked at.",
    },
]
_DEFINITIONS = "#/$defs/"


class SchemaView(PortalAPIView):
    schema = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OpenApiJsonRenderer2, OpenApiYamlRenderer2)

    def get(self, request: Request) -> Response:
        return Response(whole())


class DeploymentSpecSchemaView(PortalAPIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="deployment_spec_schema",
        responses={(200, "application/schema+json"): {"type": "object"}},
        summary="The JSON Schema of a deployment spec",
        tags=["deployments"],
    )
    def get(self, request: Request) -> Response:
        """JSON Schema 2020-12: for editors that check while one writes."""
        return Response(SCHEMA, content_type="application/schema+json")


@cache
def whole() -> dict[str, Any]:
    """The document. It is the same for everybody, and takes a second to make."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # it has no types
    return dict(generator.get_schema(request=None, public=True))


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Finish the document that drf-spectacular made; one of its post-processing hooks."""
    result["info"]["description"] = DESCRIPTION
    result["tags"] = TAGS
    result["components"]["schemas"] |= _spec_components()
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["tags"] = [tag for tag in operation["tags"] if tag in _NAMES] or ["tenants"]
    return result


_NAMES = {tag["name"] for tag in TAGS}


def _spec_components() -> dict[str, Any]:
    """The schema of a spec, its definitions as components of their own."""
    schema = _pointing(deepcopy(SCHEMA))
    parts = schema.pop("$defs")
    schema.pop("$schema")
    return {"DeploymentSpec": schema, **{_component(name): part for name, part in parts.items()}}


def _pointing(part: Any) -> Any:
    """Point references to where the definitions are in the document."""
    if isinstance(part, list):
        return [_pointing(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {name: _moved(value) if name == "$ref" else _pointing(value) for name, value in part.items()}


def _moved(reference: str) -> str:
    return f"#/components/schemas/{_component(reference.removeprefix(_DEFINITIONS))}"


def _component(name: str) -> str:
    return "DeploymentSpec" + "".join(word.capitalize() for word in name.split("_"))
