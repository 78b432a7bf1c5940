def test_an_instance_of_another_account_is_not_found(network, root, new_account, code):
    instance = network.launch()[0]["InstanceId"]

    answer = code(root("ec2", new_account()).terminate_instances, InstanceIds=[instance])

    assert answer == "InvalidInstanceID.NotFound"


def test_an_instance_of_another_region_is_not_found(network, root, code):
    instance = network.launch()[0]["InstanceId"]

    answer = code(root("ec2", region="eu-west-1").describe_instances, InstanceIds=[instance])

    assert answer == "InvalidInstanceID.NotFound"


def test_tags_are_those_of_the_resource_alone(network):
    first, second = (one["InstanceId"] for one in network.launch(2))
    network.ec2.create_tags(Resources=[first], Tags=[{"Key": "only", "Value": "first"}])

    found = network.ec2.describe_instances(Filters=[{"Name": "tag:only", "Values": ["first"]}])

    assert [one["InstanceId"] for one in found["Reservations"][0]["Instances"]] == [first]
    assert second != first


def test_a_volume_that_is_not_there_is_refused(network, code):
    assert code(network.ec2.describe_volumes, VolumeIds=["vol-12345678"]) == "InvalidVolume.NotFound"
