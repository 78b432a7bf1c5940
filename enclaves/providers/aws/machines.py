"""Machines: list, launch and end them, always in the zone's own network."""

from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from enclaves.blueprints.aws.names import HOST_TAG, REGISTRATION_TAG, ZONE_TAG
from enclaves.providers.aws.errors import translated
from enclaves.providers.aws.launch import launch_request
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.base import (
    Claim,
    CloudHost,
    CloudHostState,
    HostOrder,
    Place,
    ProviderError,
    Trouble,
    ZoneResources,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef

STATES = {
    "pending": CloudHostState.STARTING,
    "running": CloudHostState.RUNNING,
    "stopping": CloudHostState.STOPPED,
    "stopped": CloudHostState.STOPPED,
    "shutting-down": CloudHostState.ENDING,
    "terminated": CloudHostState.GONE,
}
NOT_GONE = [state for state, told in STATES.items() if told != CloudHostState.GONE]
ENDABLE = [state for state in NOT_GONE if STATES[state] != CloudHostState.ENDING]
HEALTHY: "list[FilterTypeDef]" = [
    {"Name": "instance-status.status", "Values": ["ok"]},
    {"Name": "system-status.status", "Values": ["ok"]},
]

# AWS's own limits: rows of a page, ids in a status call, values in a filter.
PAGE = 1000
IDS_PER_STATUS_CALL = 100
VALUES_PER_FILTER = 200


class Machines:
    """The machines of one claim's zones."""

    def __init__(self, claim: Claim, sessions: Sessions) -> None:
        self._claim = claim
        self._sessions = sessions
        self._root_devices: dict[str, str] = {}

    def listed(self, place: Place) -> list[CloudHost]:
        """List what is in the zone's network. Without a network it raises: nothing seen is not nothing."""
        subnets = self._subnets(place)
        in_networks: FilterTypeDef = {
            "Name": "vpc-id",
            "Values": sorted({network for network, _ in subnets.values()}),
        }
        return [
            self._host(machine, subnets.get(machine.get("SubnetId", ""), ("", ""))[1])
            for machine in self._described(place.region, in_networks, NOT_GONE)
        ]

    def healthy(self, place: Place, instance_ids: Sequence[str]) -> set[str]:
        """Ask by id while these are few; else read the region's pages, which are fewer than the hosts."""
        wanted = set(instance_ids)
        if not wanted:
            return set()
        if len(wanted) <= IDS_PER_STATUS_CALL:
            return self._healthy_among(place.region, sorted(wanted))
        return self._healthy_in(place.region) & wanted

    def launch(self, place: Place, resources: ZoneResources, order: HostOrder) -> CloudHost:
        request = self._request(place, resources, order)
        with translated("ec2:RunInstances"):
            answer = self._sessions.ec2_to_change(place.region).run_instances(**request)
        return self._host(answer["Instances"][0], order.availability_zone_id)

    def rehearse(self, place: Place, resources: ZoneResources, order: HostOrder) -> None:
        """Ask whether a launch would be allowed. Raises ProviderError if not; nothing is launched."""
        request = self._request(place, resources, order)
        try:
            with translated("ec2:RunInstances"):
                self._sessions.ec2_to_change(place.region).run_instances(**request, DryRun=True)
        except ProviderError as error:
            if error.code != "DryRunOperation":
                raise

    def terminate(self, place: Place, instance_ids: Sequence[str]) -> None:
        for some in batched(instance_ids, VALUES_PER_FILTER):
            # One unknown id fails the whole call, and AWS forgets an ended machine within the hour.
            named: FilterTypeDef = {"Name": "instance-id", "Values": list(some)}
            left = [machine["InstanceId"] for machine in self._described(place.region, named, ENDABLE)]
            if left:
                with translated("ec2:TerminateInstances"):
                    self._sessions.ec2_to_change(place.region).terminate_instances(InstanceIds=left)

    def _described(
        self, region: str, those: "FilterTypeDef", states: Sequence[str]
    ) -> "list[InstanceTypeDef]":
        with translated("ec2:DescribeInstances"):
            pages = (
                self._sessions.ec2(region)
                .get_paginator("describe_instances")
                .paginate(
                    Filters=[those, {"Name": "instance-state-name", "Values": states}],
                    PaginationConfig={"PageSize": PAGE},
                )
            )
            return [
                machine for page in pages for bunch in page["Reservations"] for machine in bunch["Instances"]
            ]

    def _subnets(self, place: Place) -> dict[str, tuple[str, str]]:
        """Find the zone's subnets, each with its network and its availability zone id."""
        with translated("ec2:DescribeSubnets"):
            pages = (
                self._sessions.ec2(place.region)
                .get_paginator("describe_subnets")
                .paginate(Filters=[{"Name": f"tag:{ZONE_TAG}", "Values": [place.zone]}])
            )
            found = {
                subnet["SubnetId"]: (subnet["VpcId"], subnet["AvailabilityZoneId"])
                for page in pages
                for subnet in page["Subnets"]
            }
        if not found:
            text = f"No subnet carries the tag of {place.zone}, so the hosts of this zone can't be seen."
            raise ProviderError(text, trouble=Trouble.INVALID, action="ec2:DescribeSubnets")
        return found

    def _healthy_among(self, region: str, instance_ids: list[str]) -> set[str]:
        try:
            with translated("ec2:DescribeInstanceStatus"):
                answer = self._sessions.ec2(region).describe_instance_status(
                    InstanceIds=instance_ids, Filters=HEALTHY
                )
        except ProviderError as error:
            # One that AWS does not know yet, or no longer, spoils the call for all the others.
            if error.code != "InvalidInstanceID.NotFound":
                raise
            return self._healthy_in(region) & set(instance_ids)
        return {status["InstanceId"] for status in answer["InstanceStatuses"]}

    def _healthy_in(self, region: str) -> set[str]:
        with translated("ec2:DescribeInstanceStatus"):
            pages = (
                self._sessions.ec2(region)
                .get_paginator("describe_instance_status")
                .paginate(Filters=HEALTHY, PaginationConfig={"PageSize": PAGE})
            )
            return {status["InstanceId"] for page in pages for status in page["InstanceStatuses"]}

    def _request(self, place: Place, resources: ZoneResources, order: HostOrder) -> dict[str, Any]:
        device = self._root_device(place.region, order.image_id)
        return launch_request(self._claim, place, resources, order, device)

    def _root_device(self, region: str, image_id: str) -> str:
        if image_id not in self._root_devices:
            with translated("ec2:DescribeImages"):
                answer = self._sessions.ec2(region).describe_images(ImageIds=[image_id])
            if not answer["Images"]:
                text = f"The host image {image_id} does not exist in {region}."
                raise ProviderError(text, trouble=Trouble.INVALID, action="ec2:DescribeImages")
            self._root_devices[image_id] = answer["Images"][0]["RootDeviceName"]
        return self._root_devices[image_id]

    def _host(self, machine: "InstanceTypeDef", zone_id: str) -> CloudHost:
        interfaces = machine.get("NetworkInterfaces", [])
        ipv6 = [
            each["Ipv6Address"] for interface in interfaces for each in interface.get("Ipv6Addresses", [])
        ]
        return CloudHost(
            instance_id=machine["InstanceId"],
            host_id=self._host_id(machine),
            state=STATES[machine["State"]["Name"]],
            machine=machine.get("InstanceType", ""),
            availability_zone_id=zone_id,
            private_ipv4=machine.get("PrivateIpAddress", ""),
            ipv6=ipv6[0] if ipv6 else "",
            public_ipv4=machine.get("PublicIpAddress", ""),
            launched_at=machine.get("LaunchTime"),
            reason=machine.get("StateReason", {}).get("Message", ""),
            identity=machine["InstanceId"],
        )

    def _host_id(self, machine: "InstanceTypeDef") -> str | None:
        """Read our tag; under another registration it says nothing about our rows."""
        tags = {tag["Key"]: tag["Value"] for tag in machine.get("Tags", [])}
        return tags.get(HOST_TAG) if tags.get(REGISTRATION_TAG) == self._claim.registration else None
