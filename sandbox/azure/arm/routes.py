"""Every address of Resource Manager that the sandbox knows, in the order in which they are tried."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.azure.arm import deployments, machines, providers, resources, subscriptions
from sandbox.azure.arm.call import Call
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ACTION_TYPES, ResourceId
from sandbox.azure.resource_types import TYPES
from sandbox.azure.wire import Reply

type Handler = Callable[[Call], Reply]

S = r"/subscriptions/(?P<subscription>[^/]+)"
# A subscription, a group, or a resource that others hang at.
SCOPE = rf"(?P<scope>{S}(?:/.+)?)"
COMPUTE = r"/providers/microsoft\.compute"
DEPLOYMENTS = rf"(?P<scope>{S}(?:/resourcegroups/[^/]+)?)/providers/microsoft\.resources/deployments"


@dataclass(frozen=True)
class Route:
    """`action` is what is recorded and what faults match; None: deployments with the method's verb."""

    methods: str
    pattern: re.Pattern[str]
    action: str | None
    handler: Handler


def _route(methods: str, pattern: str, action: str | None, handler: Handler) -> Route:
    return Route(methods, re.compile(pattern, re.IGNORECASE), action, handler)


_SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_DEPLOYMENTS = "Microsoft.Resources/deployments"
_FEATURE = rf"{S}/providers/microsoft\.features/providers/(?P<namespace>[^/]+)/features/(?P<feature>[^/]+)"
_MACHINE = rf"(?P<machine>{S}/resourcegroups/[^/]+{COMPUTE}/virtualmachines/[^/]+)"

ROUTES = (
    _route("GET", r"/subscriptions", f"{_SUBSCRIPTIONS}/read", subscriptions.mine),
    _route("GET", S, f"{_SUBSCRIPTIONS}/read", subscriptions.show),
    _route("GET", rf"{S}/locations", f"{_SUBSCRIPTIONS}/locations/read", subscriptions.list_locations),
    _route("GET", rf"{S}/resourcegroups", f"{_SUBSCRIPTIONS}/resourceGroups/read", subscriptions.list_groups),
    _route(
        "GET",
        rf"{S}(?:/resourcegroups/(?P<group>[^/]+))?/resources",
        f"{_SUBSCRIPTIONS}/resources/read",
        subscriptions.list_resources,
    ),
    _route("GET", rf"{S}/providers", f"{_SUBSCRIPTIONS}/providers/read", providers.list_all),
    _route("GET", rf"{S}/providers/(?P<namespace>[^/]+)", f"{_SUBSCRIPTIONS}/providers/read", providers.show),
    _route(
        "POST",
        rf"{S}/providers/(?P<namespace>[^/]+)/register",
        "{namespace}/register/action",
        providers.register,
    ),
    _route(
        "POST",
        rf"{S}/providers/(?P<namespace>[^/]+)/unregister",
        "{namespace}/unregister/action",
        providers.unregister,
    ),
    _route("GET", _FEATURE, "Microsoft.Features/providers/features/read", providers.show_feature),
    _route(
        "POST",
        rf"{_FEATURE}/register",
        "Microsoft.Features/providers/features/register/action",
        providers.register_feature,
    ),
    _route(
        "GET",
        rf"{S}/providers/[^/]+/locations/[^/]+/(?P<page>operations|operationresults)/(?P<operation>[^/]+)",
        "operation",
        resources.operation,
    ),
    _route(
        "GET",
        rf"{SCOPE}/providers/microsoft\.resources/tags/default",
        "Microsoft.Resources/tags/read",
        subscriptions.tags,
    ),
    _route(
        "DELETE",
        rf"{SCOPE}/providers/microsoft\.resources/tags/default",
        "Microsoft.Resources/tags/delete",
        subscriptions.tags,
    ),
    _route(
        "PUT PATCH",
        rf"{SCOPE}/providers/microsoft\.resources/tags/default",
        "Microsoft.Resources/tags/write",
        subscriptions.tags,
    ),
    _route("GET", DEPLOYMENTS, f"{_DEPLOYMENTS}/read", deployments.list_all),
    _route("GET HEAD PUT DELETE", rf"{DEPLOYMENTS}/[^/]+", None, deployments.single),
    _route(
        "GET", rf"{DEPLOYMENTS}/[^/]+/operations", f"{_DEPLOYMENTS}/operations/read", deployments.operations
    ),
    _route(
        "POST", rf"{DEPLOYMENTS}/[^/]+/(?P<verb>[^/]+)", f"{_DEPLOYMENTS}/{{verb}}/action", deployments.act
    ),
    _route("GET", rf"{S}{COMPUTE}/skus", "Microsoft.Compute/skus/read", machines.list_skus),
    _route(
        "GET",
        rf"{S}{COMPUTE}/locations/(?P<location>[^/]+)/usages",
        "Microsoft.Compute/locations/usages/read",
        machines.list_usages,
    ),
    _route(
        "GET",
        rf"{S}{COMPUTE}/locations/(?P<location>[^/]+)/communitygalleries/(?P<rest>.+)",
        "Microsoft.Compute/locations/communityGalleries/read",
        machines.show_gallery,
    ),
    _route("GET", rf"{S}{COMPUTE}/virtualmachines", f"{machines.MACHINES}/read", machines.list_machines),
    _route("GET", _MACHINE, f"{machines.MACHINES}/read", machines.show_machine),
    _route(
        "GET", rf"{_MACHINE}/instanceview", f"{machines.MACHINES}/instanceView/read", machines.show_instance
    ),
    _route("POST", rf"{_MACHINE}/(?P<verb>[^/]+)", f"{machines.MACHINES}/{{verb}}/action", machines.act),
)
METHODS: dict[str, tuple[str, Handler]] = {
    "GET": ("read", resources.show),
    "HEAD": ("read", resources.exists),
    "PUT": ("write", resources.put),
    "PATCH": ("write", resources.patch),
    "DELETE": ("delete", resources.delete),
}
COLLECTION = re.compile(rf"{SCOPE}/providers/(?P<rest>[^/]+(?:/[^/]+/[^/]+)*/[^/]+)", re.IGNORECASE)
ANY_RESOURCE = re.compile(rf"{S}(?:/.+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Visit:
    """A call that found its page; `action` is in RBAC's words, `subscription` empty for the list of them."""

    call: Call
    action: str
    handler: Handler

    @property
    def subscription(self) -> str:
        return self.call.parts.get("subscription", "")


def destination(call: Call) -> Visit:
    """The page that answers a call; raises ArmError if the sandbox has none."""
    for route in ROUTES:
        found = route.pattern.fullmatch(call.path)
        if found and call.method in route.methods.split():
            parts = {name: value for name, value in found.groupdict().items() if value}
            action = (route.action or f"{_DEPLOYMENTS}/{METHODS[call.method][0]}").format(**parts)
            return Visit(replace(call, parts=parts), action, route.handler)
    return _collection(call) or _resource(call)


def _collection(call: Call) -> Visit | None:
    found = COLLECTION.fullmatch(call.path)
    if found is None or call.method != "GET":
        return None
    there = replace(call, parts=found.groupdict())
    return Visit(there, f"{_spelled(resources.collection_type(there))}/read", resources.list_type)


def _resource(call: Call) -> Visit:
    found = ANY_RESOURCE.fullmatch(call.path)
    if found is None or call.method not in METHODS:
        text = f"The sandbox does not model {call.method} {call.path}."
        raise ArmError(404, "InvalidResourceType", text)
    verb, handler = METHODS[call.method]
    resource = ResourceId.parse(call.path)
    kind = ACTION_TYPES.get(_spelled(resource.type), _spelled(resource.type))
    return Visit(replace(call, parts=found.groupdict()), f"{kind}/{verb}", handler)


def _spelled(kind: str) -> str:
    return TYPES[kind.lower()].name if kind.lower() in TYPES else kind
