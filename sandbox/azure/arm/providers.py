"""Resource providers and preview features of a subscription."""

from typing import Any

from sandbox.azure import engine, locations
from sandbox.azure.arm.call import Call
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import TYPES
from sandbox.azure.wire import Reply, reply
from sandbox.azure.world import FEATURES

READ = "Microsoft.Resources/subscriptions/providers/read"
FEATURES_VERSION = "2021-07-01"


def namespaces() -> dict[str, str]:
    """Those the sandbox models types of: lower-case to proper spelling."""
    return {kind.name.split("/")[0].lower(): kind.name.split("/")[0] for kind in TYPES.values()}


def list_all(call: Call) -> Reply:
    call.check(READ)
    return call.page([_view(call, namespace) for namespace in sorted(namespaces().values())])


def show(call: Call) -> Reply:
    call.check(READ)
    return reply(200, _view(call, _known(call)))


def register(call: Call) -> Reply:
    namespace = _known(call)
    call.check(f"{namespace}/register/action")
    call.subscription.providers[namespace.lower()] = "Registered"
    return reply(200, _view(call, namespace))


def unregister(call: Call) -> Reply:
    namespace = _known(call)
    call.check(f"{namespace}/unregister/action")
    call.subscription.providers[namespace.lower()] = "Unregistered"
    return reply(200, _view(call, namespace))


def show_feature(call: Call) -> Reply:
    call.check("Microsoft.Features/providers/features/read")
    return reply(200, _feature(call))


def register_feature(call: Call) -> Reply:
    """The older way of a feature registration; it ends in the same place."""
    call.check("Microsoft.Features/providers/features/register/action")
    engine.make(call.world, call.caller, _registration(call), {})
    return reply(200, _feature(call))


def _known(call: Call) -> str:
    namespace = call.parts["namespace"]
    if found := namespaces().get(namespace.lower()):
        return found
    text = f"The resource namespace '{namespace}' is invalid: the sandbox does not model it."
    raise ArmError(404, "InvalidResourceNamespace", text)


def _view(call: Call, namespace: str) -> dict[str, Any]:
    subscription = call.subscription
    kinds = [kind for kind in TYPES.values() if kind.name.startswith(namespace + "/")]
    return {
        "id": f"{subscription.path}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": subscription.providers.get(namespace.lower(), "NotRegistered"),
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": kind.name.split("/", 1)[1],
                "locations": list(locations.REGIONS.values()),
                "apiVersions": list(kind.api_versions),
            }
            for kind in kinds
        ],
    }


def _registration(call: Call) -> ResourceId:
    path = f"{call.subscription.path}/providers/Microsoft.Features/featureProviders/{call.parts['namespace']}"
    return ResourceId.parse(f"{path}/{FEATURES.rsplit('/', 1)[1]}/{call.parts['feature']}")


def _feature(call: Call) -> dict[str, Any]:
    found = call.world.get(_registration(call).text)
    name = f"{call.parts['namespace']}/{call.parts['feature']}"
    state = found["properties"]["state"] if found else "NotRegistered"
    return {
        "id": call.path.removesuffix("/register"),
        "name": name,
        "type": "Microsoft.Features/providers/features",
        "properties": {"state": state},
    }
