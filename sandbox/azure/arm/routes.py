"""Every address of Resource Manager that the sandbox knows, in the order in which they are tried."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.azure.arm import deployments, machines, providers, resources, subscriptions
from sandbox.azure.arm.call import Call
from sandbox.azure.errors import ArmError, refused
from sandbox.azure.groups import GROUP_VERSIONS
from sandbox.azure.ids import ACTION_TYPES, ResourceId
from sandbox.azure.resource_types import TYPES
from sandbox.azure.types.compute import galleries
from sandbox.azure.types.versions import MACHINES as MACHINE_VERSIONS
from sandbox.azure.wire import Reply

type Handler = Callable[[Call], Reply]

S = r"/subscriptions/(?P<subscription>[^/]+)"
# A subscription, a group, or a resource that others hang at.
SCOPE = rf"(?P<scope>{S}(?:/.+)?)"
COMPUTE = rf"{S}/providers/microsoft\.compute"
PLACE = rf"{COMPUTE}/locations/(?P<location>[^/]+)"
MACHINE = rf"(?P<machine>{S}/resourcegroups/[^/]+/providers/microsoft\.compute/virtualmachines/[^/]+)"
PROVIDER = rf"{S}/providers/(?P<namespace>[^/]+)"
FEATURE = rf"{S}/providers/microsoft\.features/providers/(?P<namespace>[^/]+)/features/(?P<feature>[^/]+)"
TAGS = rf"{SCOPE}/providers/microsoft\.resources/tags/default"
DEPLOYMENTS = rf"(?P<scope>{S}(?:/resourcegroups/[^/]+)?)/providers/microsoft\.resources/deployments"
DEPLOYMENT = rf"{DEPLOYMENTS}/[^/]+"
OPERATION = rf"{PROVIDER}/locations/[^/]+/(?P<page>operations|operationresults)/(?P<operation>[^/]+)"
RESOURCES = rf"{S}(?:/resourcegroups/(?P<group>[^/]+))?/resources"

_SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_DEPLOYMENTS = "Microsoft.Resources/deployments"
_FEATURES = "Microsoft.Features/providers/features"
_COMPUTE = "Microsoft.Compute"
_SUBSCRIPTION_VERSIONS = ("2022-12-01", "2022-09-01", "2021-01-01", "2020-01-01", "2019-11-01", "2016-06-01")
_SKU_VERSIONS = ("2021-07-01", "2019-04-01", "2017-09-01")
_FEATURE_VERSIONS = (providers.FEATURES_VERSION, "2015-12-01")
_ANY: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """`action` is what is recorded and what faults match; `{verb}` in it is the method's, or the path's."""

    methods: str
    pattern: re.Pattern[str]
    action: str
    handler: Handler
    versions: tuple[str, ...]


def _routes(versions: tuple[str, ...], *lines: tuple[str, str, str, Handler]) -> tuple[Route, ...]:
    return tuple(
        Route(methods, re.compile(pattern, re.IGNORECASE), action, handler, versions)
        for methods, pattern, action, handler in lines
    )


ROUTES = (
    *_routes(
        _SUBSCRIPTION_VERSIONS,
        ("GET", r"/subscriptions", f"{_SUBSCRIPTIONS}/read", subscriptions.mine),
        ("GET", S, f"{_SUBSCRIPTIONS}/read", subscriptions.show),
        ("GET", rf"{S}/locations", f"{_SUBSCRIPTIONS}/locations/read", subscriptions.list_locations),
    ),
    *_routes(
        GROUP_VERSIONS,
        ("GET", rf"{S}/resourcegroups", f"{_SUBSCRIPTIONS}/resourceGroups/read", subscriptions.list_groups),
        ("GET", RESOURCES, f"{_SUBSCRIPTIONS}/resources/read", subscriptions.list_resources),
        ("GET", rf"{S}/providers", f"{_SUBSCRIPTIONS}/providers/read", providers.list_all),
        ("GET", PROVIDER, f"{_SUBSCRIPTIONS}/providers/read", providers.show),
        ("POST", rf"{PROVIDER}/register", "{namespace}/register/action", providers.register),
        ("POST", rf"{PROVIDER}/unregister", "{namespace}/unregister/action", providers.unregister),
        ("GET PUT PATCH DELETE", TAGS, "Microsoft.Resources/tags/{verb}", subscriptions.tags),
        ("GET", DEPLOYMENTS, f"{_DEPLOYMENTS}/read", deployments.list_all),
        ("GET HEAD PUT DELETE", DEPLOYMENT, f"{_DEPLOYMENTS}/{{verb}}", deployments.single),
        ("GET", rf"{DEPLOYMENT}/operations", f"{_DEPLOYMENTS}/operations/read", deployments.operations),
        ("POST", rf"{DEPLOYMENT}/(?P<verb>[^/]+)", f"{_DEPLOYMENTS}/{{verb}}/action", deployments.act),
    ),
    *_routes(
        _FEATURE_VERSIONS,
        ("GET", FEATURE, f"{_FEATURES}/read", providers.show_feature),
        ("POST", rf"{FEATURE}/register", f"{_FEATURES}/register/action", providers.register_feature),
    ),
    *_routes(
        _SKU_VERSIONS,
        ("GET", rf"{COMPUTE}/skus", f"{_COMPUTE}/skus/read", machines.list_skus),
    ),
    *_routes(
        galleries.API_VERSIONS,
        ("GET", rf"{PLACE}/communitygalleries/(?P<rest>.+)", f"{_COMPUTE}/locations/communityGalleries/read",
         machines.show_gallery),
    ),
    *_routes(
        MACHINE_VERSIONS,
        ("GET", rf"{PLACE}/usages", f"{_COMPUTE}/locations/usages/read", machines.list_usages),
        ("GET", rf"{COMPUTE}/virtualmachines", f"{machines.MACHINES}/read", machines.list_machines),
        ("GET", MACHINE, f"{machines.MACHINES}/read", machines.show_machine),
        ("GET", rf"{MACHINE}/instanceview", f"{machines.MACHINES}/instanceView/read", machines.show_instance),
        ("POST", rf"{MACHINE}/(?P<verb>[^/]+)", f"{machines.MACHINES}/{{verb}}/action", machines.act),
    ),
    # The address was given by an answer, with the version in which it was asked.
    *_routes(_ANY, ("GET", OPERATION, "operation", resources.operation)),
)  # fmt: skip
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
            _check_version(call, route)
            action = route.action.format(**{"verb": METHODS.get(call.method, ("",))[0], **parts})
            return Visit(replace(call, parts=parts), action, route.handler)
    return _collection(call) or _resource(call)


def _check_version(call: Call, route: Route) -> None:
    """A version that is missing is told later, as for every address."""
    if call.api_version and route.versions and call.api_version not in route.versions:
        text = f"No registered resource provider found for API version '{call.api_version}' at {call.path}."
        text += f" The supported api-versions are '{', '.join(route.versions)}'."
        raise refused("NoRegisteredProviderFound", text)


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
