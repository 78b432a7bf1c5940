import pytest


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(aws):
    clock = Clock()
    aws.behaviour.clock = clock
    aws.behaviour.change(pending_seconds=10, shutdown_seconds=20, vanish_seconds=100, status_seconds=30)
    return clock


@pytest.fixture
def state(network):
    """The state of an instance; "gone" once nothing is left of it."""

    def read(instance):
        found = network.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance]}])
        reservations = found["Reservations"]
        return reservations[0]["Instances"][0]["State"]["Name"] if reservations else "gone"

    return read


def test_an_instance_takes_its_time(clock, network, state):
    instance = network.launch()[0]["InstanceId"]
    seen = [state(instance)]

    for seconds in (9, 2):
        clock.now += seconds
        seen.append(state(instance))
    network.ec2.terminate_instances(InstanceIds=[instance])
    for seconds in (0, 19, 2, 98, 2):
        clock.now += seconds
        seen.append(state(instance))

    starting, ending = ["pending", "pending", "running"], ["shutting-down", "shutting-down", "terminated"]
    assert seen == [*starting, *ending, "terminated", "gone"]


def test_filters_agree_with_the_clock(clock, network):
    network.launch()

    def count(name):
        filters = [{"Name": "instance-state-name", "Values": [name]}]
        return len(network.ec2.describe_instances(Filters=filters)["Reservations"])

    before = [count("pending"), count("running")]
    clock.now += 11

    assert [before, [count("pending"), count("running")]] == [[1, 0], [0, 1]]


def test_status_checks_come_after_the_start(clock, network):
    instance = network.launch()[0]["InstanceId"]

    def status():
        found = network.ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)
        return found["InstanceStatuses"][0]["InstanceStatus"]["Status"]

    seen = [status()]
    for seconds in (11, 30):
        clock.now += seconds
        seen.append(status())

    assert seen == ["not-applicable", "initializing", "ok"]


def test_ending_twice_is_ending_once(clock, network, state):
    instance = network.launch()[0]["InstanceId"]
    network.ec2.terminate_instances(InstanceIds=[instance])
    clock.now += 21

    network.ec2.terminate_instances(InstanceIds=[instance])

    assert state(instance) == "terminated"


def test_what_vanished_is_not_there_any_more(clock, network, code):
    instance = network.launch()[0]["InstanceId"]
    network.ec2.terminate_instances(InstanceIds=[instance])
    clock.now += 200
    network.ec2.describe_instances()

    assert code(network.ec2.terminate_instances, InstanceIds=[instance]) == "InvalidInstanceID.NotFound"


def test_volumes_end_with_their_instance(network):
    instance = network.launch()[0]["InstanceId"]

    network.ec2.terminate_instances(InstanceIds=[instance])

    assert network.ec2.describe_volumes()["Volumes"] == []
    assert network.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
