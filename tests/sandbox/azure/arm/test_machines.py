import pytest

from sandbox.azure.arm.machines import MACHINES

COMPUTE = "/providers/Microsoft.Compute"


@pytest.fixture
def machine(azure, group):
    """The path of a running machine below the subscription; its own rules are tested with its type."""
    path = f"{group}/providers/{MACHINES}/vm"
    profile = {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}, "provisioningState": "Succeeded"}
    azure.world.put({"id": path, "name": "vm", "type": MACHINES, "location": "eastus", "properties": profile})
    azure.world.facts(path)["power"] = "running"
    return f"/resourceGroups/g/providers/{MACHINES}/vm"


@pytest.fixture
def codes(send, machine):
    """The codes of the machine's statuses."""

    def look():
        given = send("GET", f"{machine}/instanceView", api="2025-11-01")
        return [status["code"] for status in given.body["statuses"]]

    return look


def test_the_sizes_of_a_location_tell_zones_family_and_capabilities(azure, send, owner):
    found = send("GET", f"{COMPUTE}/skus?$filter=location eq 'eastus'", api="2021-07-01").body["value"]

    one = next(sku for sku in found if sku["name"] == "Standard_D4s_v5")
    told = {item["name"]: item["value"] for item in one["capabilities"]}
    assert (one["family"], told["vCPUs"], one["locationInfo"][0]["zones"]) == (
        "standardDSv5Family",
        "4",
        ["1", "2", "3"],
    )
    assert told["EncryptionAtHostSupported"] == "True"
    zones = azure.world.zones(owner.subscription_id, "eastus")
    rare = next(sku for sku in found if sku["name"] == "Standard_DC2es_v6")
    assert [zones[zone] for zone in rare["locationInfo"][0]["zones"]] == ["eastus-az1"]


@pytest.mark.usefixtures("machine")
def test_usages_count_what_runs_against_the_quota(azure, send, owner):
    azure.behaviour.limit_quota(10, owner.subscription_id, "eastus", "standardDSv5Family")

    found = send("GET", f"{COMPUTE}/locations/eastus/usages", api="2025-11-01").body["value"]

    usages = {one["name"]["value"]: (one["currentValue"], one["limit"]) for one in found}
    assert (usages["standardDSv5Family"], usages["cores"]) == ((4, 10), (4, 350))


def test_all_machines_are_listed_with_how_they_are(send, machine):
    plain = send("GET", f"{COMPUTE}/virtualMachines", api="2025-11-01").body["value"][0]
    status = send("GET", f"{COMPUTE}/virtualMachines?statusOnly=true", api="2025-11-01").body["value"][0]
    one = send("GET", f"{machine}?$expand=instanceView", api="2025-11-01").body

    assert "instanceView" not in plain["properties"]
    codes = [item["code"] for item in status["properties"]["instanceView"]["statuses"]]
    assert codes == ["ProvisioningState/succeeded", "PowerState/running"]
    assert one["properties"]["instanceView"] == status["properties"]["instanceView"]


def test_a_failed_creation_tells_its_reason(azure, send, machine, group):
    azure.world.need(f"{group}/providers/{MACHINES}/vm")["properties"]["provisioningState"] = "Failed"
    azure.world.facts(f"{group}/providers/{MACHINES}/vm").update(
        power=None, failure={"code": "AllocationFailed", "message": "There is no room."}
    )

    status = send("GET", f"{machine}/instanceView", api="2025-11-01").body["statuses"]

    assert [(one["code"], one["level"], one["message"]) for one in status] == [
        ("ProvisioningState/failed/AllocationFailed", "Error", "There is no room.")
    ]


@pytest.mark.parametrize(
    ("verb", "meanwhile", "after"),
    [
        ("start", "starting", "running"),
        ("powerOff", "stopping", "stopped"),
        ("restart", "starting", "running"),
        ("deallocate", "deallocating", "deallocated"),
    ],
)
def test_an_action_takes_its_time(azure, send, machine, codes, verb, meanwhile, after):
    azure.behaviour.change(pace=1)

    started = send("POST", f"{machine}/{verb}", api="2025-11-01")
    states = [codes()[1]]
    azure.world.clock.advance(30)
    states.append(codes()[1])

    assert (started.status, "Azure-AsyncOperation" in started.headers) == (202, True)
    assert states == [f"PowerState/{meanwhile}", f"PowerState/{after}"]


def test_an_action_needs_its_own_right(machine, send, codes, new_identity, acting):
    reader = acting(new_identity(actions=["*/read", f"{MACHINES}/write"]))

    given = send("POST", f"{machine}/powerOff", api="2025-11-01", by=reader)

    assert (given.status, codes()[1]) == (403, "PowerState/running")
    assert f"{MACHINES}/powerOff/action" in given.body["error"]["message"]


def test_an_action_that_is_not_modelled_is_refused(send, machine):
    given = send("POST", f"{machine}/runCommand", {"commandId": "RunShellScript"}, api="2025-11-01")

    assert (given.status, given.body["error"]["code"]) == (404, "ActionNotFound")


def test_the_vendors_images_are_in_a_community_gallery(send):
    from sandbox.azure.types.compute.galleries import PUBLIC_NAME

    path = f"{COMPUTE}/locations/eastus/communityGalleries/{PUBLIC_NAME}/images"
    images = send("GET", path, api="2024-03-03").body["value"]
    versions = send("GET", f"{path}/enclave-host-arm64/versions", api="2024-03-03").body["value"]

    assert {image["name"] for image in images} >= {"enclave-host-arm64", "enclave-host-x86_64"}
    assert versions[-1]["name"] == "2026.11.0"
