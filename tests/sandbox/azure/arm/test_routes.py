import pytest

from sandbox.azure.arm.call import Call
from sandbox.azure.arm.routes import ROUTES, destination
from sandbox.azure.principals import Principal
from sandbox.azure.wire import Request
from sandbox.azure.world import World

NOBODY = Principal("o", "c", "d", "nobody")
GROUP = "/subscriptions/S/resourceGroups/G"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEPLOYMENTS = "Microsoft.Resources/deployments"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/v"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/subscriptions", "Microsoft.Resources/subscriptions/read"),
        ("PUT", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/write"),
        ("DELETE", GROUP.lower(), "Microsoft.Resources/subscriptions/resourceGroups/delete"),
        ("PUT", VM.lower(), "Microsoft.Compute/virtualMachines/write"),
        ("GET", f"{GROUP}/providers/Sandbox.Tests/notes", "Sandbox.Tests/notes/read"),
        ("GET", f"{GROUP}/providers/Sandbox.Tests/notes/n/lines", "Sandbox.Tests/notes/lines/read"),
        ("POST", f"{VM}/start", "Microsoft.Compute/virtualMachines/start/action"),
        ("PUT", f"{VM}/providers/{ASSIGNMENTS}/a", f"{ASSIGNMENTS}/write"),
        ("PATCH", f"{VM}/providers/Microsoft.Resources/tags/default", "Microsoft.Resources/tags/write"),
        ("PUT", f"{GROUP}/providers/{DEPLOYMENTS}/d", f"{DEPLOYMENTS}/write"),
        ("POST", "/subscriptions/S/providers/Microsoft.Sql/register", "Microsoft.Sql/register/action"),
    ],
)  # fmt: skip
def test_an_address_has_its_action(method, path, action):
    visit = destination(Call(World(), Request(method, path), NOBODY))

    assert visit.action == action


def test_every_pattern_names_the_subscription_unless_it_lists_them():
    without = [route.pattern.pattern for route in ROUTES if "subscription" not in route.pattern.groupindex]

    assert without == ["/subscriptions"]
