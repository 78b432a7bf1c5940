from dataclasses import replace

import pytest

from enclaves.lifecycle import HostState
from enclaves.models import Host, HostImage, MachineType
from enclaves.provisioning.plan import Market, Unplannable, fitting_machines, plan_hash, plan_hosts

ZONES = ("use1-az4", "use1-az6")
IMAGE = f"registry.example.com/recommender@sha256:{'a' * 64}"


def offer(name, vcpu, gib, architecture="arm64", confidential=(), zones=ZONES, cloud="aws", family=""):
    return MachineType(
        cloud=cloud,
        name=name,
        vcpu=vcpu,
        memory_mib=gib * 1024,
        architecture=architecture,
        family=family,
        confidential=list(confidential),
        availability_zone_ids=list(zones),
    )


MARKET = Market(
    [
        offer("m6g.2xlarge", 8, 32),
        offer("m7g.2xlarge", 8, 32),
        offer("t4g.2xlarge", 8, 32),
        offer("m6a.2xlarge", 8, 32, "x86_64", ["vm", "enclave"]),
        offer("m7g.4xlarge", 16, 64, zones=["use1-az4"]),
    ],
    {a: HostImage(image_id=f"ami-{a}", architecture=a) for a in ("arm64", "x86_64")},
    ZONES,
)


def cluster(name="query", hosts=3, confidential="none", **machine):
    wish = {"vcpu": 8, "memory_gib": 32, "disk_gib": 100, **machine}
    return {"name": name, "hosts": hosts, "machine": wish, "confidential": confidential}


def spec(*clusters):
    return {"image": IMAGE, "clusters": list(clusters)}


def row(number, state=HostState.ACTIVE, name="query", zone="use1-az4", **facts):
    known = {"vcpu": 8, "memory_mib": 32 * 1024, "disk_gib": 100, "architecture": "arm64", **facts}
    return Host(
        cluster=name, number=number, name=f"{name}-{number}", state=state, availability_zone_id=zone, **known
    )


def created(plan):
    return [(one["name"], one["machine"], one["availability_zone_id"]) for one in plan["create"]]


def names(rows):
    return [one["name"] for one in rows]


def test_a_first_plan_creates_everything_spread_over_the_zones():
    plan = plan_hosts(spec(cluster(architecture="arm64")), [], MARKET)

    assert created(plan) == [
        ("query-1", "m7g.2xlarge", "use1-az4"),
        ("query-2", "m7g.2xlarge", "use1-az6"),
        ("query-3", "m7g.2xlarge", "use1-az4"),
    ]
    assert (plan["remove"], plan["replace"], plan["stay"]) == ([], [], 0)


def test_the_same_rows_give_the_same_plan():
    hosts = [row(1), row(2, HostState.FAILED)]

    first, second = (plan_hosts(spec(cluster()), hosts, MARKET) for _ in range(2))

    assert plan_hash(1, first) == plan_hash(1, second)
    assert plan_hash(1, first) != plan_hash(2, first)


def test_a_converged_deployment_plans_nothing():
    hosts = [row(number) for number in (1, 2, 3)]

    plan = plan_hosts(spec(cluster()), hosts, MARKET, applied_image=IMAGE)

    assert plan == {"create": [], "remove": [], "replace": [], "stay": 3, "image": None}


def test_scaling_up_fills_the_gaps_in_the_numbers():
    plan = plan_hosts(spec(cluster(hosts=4, architecture="arm64")), [row(1), row(3)], MARKET)

    assert created(plan) == [
        ("query-2", "m7g.2xlarge", "use1-az6"),
        ("query-4", "m7g.2xlarge", "use1-az6"),
    ]


def test_scaling_down_removes_the_highest_numbers():
    plan = plan_hosts(spec(cluster(hosts=1)), [row(1), row(2), row(3)], MARKET)

    assert names(plan["remove"]) == ["query-2", "query-3"]
    assert plan["stay"] == 1


def test_a_cluster_that_left_the_spec_is_removed():
    plan = plan_hosts(spec(cluster(hosts=1)), [row(1), row(1, name="content")], MARKET)

    assert names(plan["remove"]) == ["content-1"]


def test_a_failed_host_is_replaced():
    plan = plan_hosts(spec(cluster(hosts=1)), [row(1, HostState.FAILED)], MARKET)

    assert names(plan["create"]) == names(plan["replace"]) == ["query-1"]


def test_a_host_that_will_go_does_not_count_and_keeps_its_number_until_it_goes():
    plan = plan_hosts(spec(cluster(hosts=1)), [row(1, want_to_retire=True)], MARKET)

    assert names(plan["create"]) == ["query-2"]
    assert plan["remove"] == []


def test_hosts_that_would_have_to_be_rebuilt_are_refused_by_field():
    with pytest.raises(Unplannable) as caught:
        plan_hosts(spec(cluster(hosts=1, disk_gib=200)), [row(1)], MARKET)

    assert caught.value.field == "clusters.0.machine"


def test_a_machine_that_no_zone_has_is_named_with_its_field():
    with pytest.raises(Unplannable, match="No machine type of this zone has 96 vCPU") as caught:
        plan_hosts(spec(cluster("small", 1), cluster("large", 1, vcpu=96)), [], MARKET)

    assert caught.value.field == "clusters.1.machine"


def test_hosts_stand_only_where_their_machine_is_offered():
    plan = plan_hosts(spec(cluster(hosts=2, vcpu=16)), [], MARKET)

    assert {zone for _, _, zone in created(plan)} == {"use1-az4"}


def test_a_confidential_host_gets_a_machine_that_can():
    machines = fitting_machines({"vcpu": 2, "memory_gib": 4}, "vm", MARKET)

    assert [machine.name for machine in machines] == ["m6a.2xlarge"]


def test_an_architecture_without_an_image_is_not_offered():
    market = Market(MARKET.machines, {"x86_64": MARKET.images["x86_64"]}, ZONES)

    assert fitting_machines({"vcpu": 8, "memory_gib": 32}, "none", market)[0].name == "m6a.2xlarge"


def test_before_the_region_is_known_the_plan_says_so():
    with pytest.raises(Unplannable, match="not known yet"):
        plan_hosts(spec(cluster()), [], Market([], {}, ZONES))


D_V6, D_V5, E_V5 = "standarddpsv6family", "standarddpsv5family", "standardepsv5family"
AZURE = Market(
    [
        offer("Standard_B8ps_v2", 8, 32, cloud="azure", family="standardbpsv2family"),
        offer("Standard_D8pds_v6", 8, 32, cloud="azure", family="standarddpdsv6family"),
        offer("Standard_D8ps_v5", 8, 32, cloud="azure", family=D_V5),
        offer("Standard_D8ps_v6", 8, 32, cloud="azure", family=D_V6),
        offer("Standard_E8ps_v5", 8, 64, cloud="azure", family=E_V5),
        offer("Standard_DC8as_v5", 8, 32, "x86_64", ["vm"], cloud="azure"),
    ],
    MARKET.images,
    ZONES,
)


def azure_with(**quota):
    names = {"region": "", "d6": D_V6, "d5": D_V5}
    return replace(AZURE, quota={names[name]: left for name, left in quota.items()})


def machines_of(plan):
    return {one["machine"] for one in plan["create"]}


def test_in_azure_the_newest_plain_machine_for_steady_load_is_taken():
    assert machines_of(plan_hosts(spec(cluster()), [], AZURE)) == {"Standard_D8ps_v6"}
    assert machines_of(plan_hosts(spec(cluster(confidential="vm")), [], AZURE)) == {"Standard_DC8as_v5"}


def test_a_family_without_quota_gives_way_to_another_of_the_same_size():
    market = azure_with(d6=23, d5=24, region=100)

    assert machines_of(plan_hosts(spec(cluster(hosts=3)), [], market)) == {"Standard_D8ps_v5"}


def test_a_plan_that_no_quota_allows_says_what_is_missing():
    market = replace(AZURE, machines=[AZURE.machines[3]], quota={D_V6: 10, "": 100})

    with pytest.raises(Unplannable) as caught:
        plan_hosts(spec(cluster(hosts=3)), [], market)

    assert caught.value.field == "clusters.0.hosts"
    assert str(caught.value) == (
        "3 × Standard_D8ps_v6 need 24 vCPUs of the family standarddpsv6family, and the quota of the account "
        "has 10 left, as of its last proof. Ask the cloud for more and have the account checked again, or "
        "ask for less."
    )


def test_the_clusters_of_a_spec_share_the_quota_of_the_region():
    market = azure_with(region=40)
    two = spec(cluster("query", hosts=3), cluster("content", hosts=3))

    with pytest.raises(Unplannable, match=r"24 vCPUs in this region, .* has 16 left"):
        plan_hosts(two, [], market)


def test_hosts_that_stay_need_no_quota():
    hosts = [row(number) for number in (1, 2, 3)]

    assert plan_hosts(spec(cluster()), hosts, azure_with(region=0))["stay"] == 3
