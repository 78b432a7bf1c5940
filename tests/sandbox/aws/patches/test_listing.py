import time
from itertools import chain

import pytest

from tests.sandbox.aws.conftest import new_network


def ids(reply):
    return [one["InstanceId"] for reservation in reply["Reservations"] for one in reservation["Instances"]]


def test_pages_count_instances_not_reservations(network):
    launched = [one["InstanceId"] for count in (7, 4, 2) for one in network.launch(count)]

    pages = [ids(page) for page in network.ec2.get_paginator("describe_instances").paginate(MaxResults=5)]

    assert [len(page) for page in pages] == [5, 5, 3]
    assert list(chain.from_iterable(pages)) == launched


def test_a_next_page_is_right_although_the_list_changed(network):
    launched = [one["InstanceId"] for one in network.launch(8)]
    first = network.ec2.describe_instances(MaxResults=5)
    added = network.launch()[0]["InstanceId"]

    second = network.ec2.describe_instances(MaxResults=5, NextToken=first["NextToken"])

    assert ids(second) == [*launched[5:], added]


@pytest.mark.parametrize("wish", [{"MaxResults": 4}, {"MaxResults": 1001}, {"NextToken": "nonsense!"}])
def test_a_page_that_cannot_be_is_refused(network, code, wish):
    assert code(network.ec2.describe_instances, **wish) == "InvalidParameterValue"


def test_ids_and_pages_do_not_go_together(network, code):
    instance = network.launch()[0]["InstanceId"]

    answer = code(network.ec2.describe_instances, InstanceIds=[instance], MaxResults=5)

    assert answer == "InvalidParameterCombination"


def test_an_unknown_id_is_refused_whatever_else_is_asked(network, code):
    instance = network.launch()[0]["InstanceId"]

    answer = code(network.ec2.describe_instances, InstanceIds=[instance, "i-12345678901234567"])

    assert answer == "InvalidInstanceID.NotFound"


def test_an_unknown_filter_is_refused(network, code):
    assert (
        code(network.ec2.describe_instances, Filters=[{"Name": "no-such", "Values": ["x"]}])
        == "InvalidParameterValue"
    )


def test_filters_find_the_one_of_two(network, root):
    one = network.launch(ClientToken="t")[0]
    new_network(network.ec2, "10.0.16.0/20").launch(InstanceType="m7g.xlarge", TagSpecifications=[])
    interface = one["NetworkInterfaces"][0]
    wanted = {
        "instance-id": one["InstanceId"],
        "vpc-id": network.vpc,
        "subnet-id": network.subnet,
        "client-token": "t",
        "instance-type": "m7g.l*",
        "tag:enclave:host": "?",
        "tag-key": "enclave:host",
        "instance.group-id": network.group,
        "private-ip-address": one["PrivateIpAddress"],
        "network-interface.network-interface-id": interface["NetworkInterfaceId"],
        "network-interface.ipv6-addresses.ipv6-address": one["Ipv6Address"],
    }

    for name, value in wanted.items():
        found = network.ec2.describe_instances(Filters=[{"Name": name, "Values": [value]}])
        assert (name, ids(found)) == (name, [one["InstanceId"]])


def test_filters_are_taken_together_and_their_values_one_by_one(network):
    launched = [one["InstanceId"] for one in network.launch(3)]

    def found(*filters):
        listed = [{"Name": name, "Values": list(values)} for name, *values in filters]
        return ids(network.ec2.describe_instances(Filters=listed))

    assert found(("instance-id", *launched[:2])) == launched[:2]
    assert found(("instance-id", *launched[:2]), ("instance-id", *launched[1:])) == launched[1:2]
    assert found(("instance-state-name", "stopped")) == []


def test_what_ended_has_no_network_and_is_found_by_none(network):
    instance = network.launch()[0]["InstanceId"]
    network.ec2.terminate_instances(InstanceIds=[instance])

    shown = network.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    found = network.ec2.describe_instances(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])

    assert (shown["NetworkInterfaces"], "VpcId" in shown, "SubnetId" in shown) == ([], False, False)
    assert ids(found) == []


def test_statuses_come_in_pages(network):
    launched = [one["InstanceId"] for one in network.launch(7)]

    pages = network.ec2.get_paginator("describe_instance_status").paginate(MaxResults=5)

    found = [[one["InstanceId"] for one in page["InstanceStatuses"]] for page in pages]
    assert found == [launched[:5], launched[5:]]


def test_statuses_are_those_of_what_runs_unless_all_are_wanted(network):
    launched = [one["InstanceId"] for one in network.launch(2)]
    network.ec2.terminate_instances(InstanceIds=launched[:1])

    found = [
        [one["InstanceId"] for one in network.ec2.describe_instance_status(**wish)["InstanceStatuses"]]
        for wish in ({}, {"IncludeAllInstances": True})
    ]

    assert found == [launched[1:], launched]


def test_an_impaired_instance_is_found_by_its_status(aws, network):
    launched = [one["InstanceId"] for one in network.launch(2)]
    aws.behaviour.impaired_instances.add(launched[0])

    filters = [{"Name": "instance-status.status", "Values": ["impaired"]}]

    found = network.ec2.describe_instance_status(Filters=filters)["InstanceStatuses"]
    assert [one["InstanceId"] for one in found] == launched[:1]


@pytest.mark.soak
def test_a_thousand_hosts_are_listed_in_a_few_seconds(network):
    for _ in range(10):
        network.launch(100)
    started = time.process_time()

    found = ids(network.ec2.describe_instances(MaxResults=1000))

    assert len(found) == 1000
    assert time.process_time() - started < 6
