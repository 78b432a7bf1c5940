"""Finding a zone's network and what is in it: one call for each kind of thing."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from enclaves.blueprints.aws.names import HOSTS, LOAD_BALANCERS, REGISTRATION_TAG, VERSION_TAG, ZONE_TAG
from enclaves.providers.aws import findings
from enclaves.providers.aws.errors import translated
from enclaves.providers.aws.findings import Mismatch
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.aws.zone.found import apply_again, of_service, only, tags_of
from enclaves.providers.base import CheckDefinition, Claim, Finding, Place

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import (
        EgressOnlyInternetGatewayTypeDef,
        FilterTypeDef,
        IpPermissionOutputTypeDef,
        NetworkAclEntryTypeDef,
        NetworkAclTypeDef,
        RouteTableTypeDef,
        SecurityGroupTypeDef,
        SubnetTypeDef,
        VpcEndpointTypeDef,
        VpcTypeDef,
    )

ANYWHERE = {"0.0.0.0/0", "::/0"}
ICMP = ("1", "58")
# Below lie the ports of services; what comes back to a connection of ours arrives above.
FIRST_RETURN_PORT = 32768
ENDPOINTS = ("s3", "sts")
STANDING = ("pending", "available")


class Network:
    """A look at the network of one zone; each test is one line of the page."""

    def __init__(self, claim: Claim, place: Place, sessions: Sessions) -> None:
        self._claim = claim
        self._place = place
        self._sessions = sessions
        self.group_id = ""

    @property
    def vpc_id(self) -> str:
        return self._vpc["VpcId"]

    @cached_property
    def host_subnets(self) -> dict[str, str]:
        """Tell the subnet for hosts of each availability zone. Raises Mismatch."""
        return self._subnets_for(HOSTS)

    @cached_property
    def load_balancer_subnets(self) -> dict[str, str]:
        return self._subnets_for(LOAD_BALANCERS)

    def test_network(self, check: CheckDefinition) -> Finding:
        tags = tags_of(self._vpc)
        if tags.get(REGISTRATION_TAG) != self._claim.registration:
            raise Mismatch(
                f"The network {self.vpc_id} carries another registration",
                f"Apply the zone template of this registration in {self._place.region}. "
                "The check runs again by itself.",
                f"{self.vpc_id}: {REGISTRATION_TAG} = {tags.get(REGISTRATION_TAG, 'nothing')}",
            )
        if tags.get(VERSION_TAG) != str(self._place.template_version):
            raise Mismatch(
                f"The zone template is not at version {self._place.template_version}",
                apply_again(self._place),
                f"{self.vpc_id}: {VERSION_TAG} = {tags.get(VERSION_TAG, 'nothing')}",
            )
        return findings.passed(check, f"{self.vpc_id} {self._vpc['CidrBlock']}")

    def test_host_subnets(self, check: CheckDefinition) -> Finding:
        return findings.passed(check, _told(self.host_subnets))

    def test_load_balancer_subnets(self, check: CheckDefinition) -> Finding:
        return findings.passed(check, _told(self.load_balancer_subnets))

    def test_way_out(self, check: CheckDefinition) -> Finding:
        gateway = only(self._gateways(), "egress-only gateway", "EgressOnlyInternetGatewayId", self._place)
        table = only(of_service(self._tables(), HOSTS), "route table for hosts", "RouteTableId", self._place)
        gateway_id, table_id = gateway["EgressOnlyInternetGatewayId"], table["RouteTableId"]
        leads_in = [route for route in table["Routes"] if route.get("GatewayId", "").startswith("igw-")]
        if leads_in:
            advice = f"Remove the route to {leads_in[0]['GatewayId']} from {table_id}. " + apply_again(
                self._place
            )
            raise Mismatch("A route leads from the internet to the hosts", advice, table_id)
        if gateway_id not in [route.get("EgressOnlyInternetGatewayId") for route in table["Routes"]]:
            raise Mismatch(
                "The hosts have no route out", apply_again(self._place), f"{table_id} → {gateway_id}"
            )
        associated = {each.get("SubnetId") for each in table.get("Associations", [])}
        self._check_covered(associated, f"the route table {table_id}")
        return findings.passed(check, f"{table_id} → {gateway_id}")

    def test_hosts_group(self, check: CheckDefinition) -> Finding:
        groups = self._groups()
        group = only(of_service(groups, HOSTS), "security group for hosts", "GroupId", self._place)
        open_rules = [
            rule
            for rule in group["IpPermissions"]
            if rule.get("IpRanges") or rule.get("Ipv6Ranges") or rule.get("PrefixListIds")
        ]
        if open_rules:
            raise Mismatch(
                f"The security group {group['GroupId']} lets somebody in",
                f"Remove its {len(open_rules)} inbound rules that name addresses. {apply_again(self._place)}",
                "; ".join(sorted(_sources(open_rules))),
            )
        self.group_id = group["GroupId"]
        return findings.passed(check, self.group_id)

    def test_walls(self, check: CheckDefinition) -> Finding:
        lists = self._acls()
        wall = only(of_service(lists, HOSTS), "network ACL for hosts", "NetworkAclId", self._place)
        self._check_covered({each.get("SubnetId") for each in wall["Associations"]}, wall["NetworkAclId"])
        holes = [entry["RuleNumber"] for entry in wall["Entries"] if _is_hole(entry)]
        if holes:
            told = ", ".join(str(number) for number in sorted(holes))
            raise Mismatch(
                f"The network ACL {wall['NetworkAclId']} lets somebody in",
                f"Remove its inbound rules {told}. {apply_again(self._place)}",
                wall["NetworkAclId"],
            )
        return findings.passed(check, wall["NetworkAclId"])

    def test_endpoints(self, check: CheckDefinition) -> Finding:
        endpoints = self._endpoints()
        names = []
        for service in ENDPOINTS:
            full_name = f"com.amazonaws.{self._place.region}.{service}"
            those = [each for each in endpoints if each["ServiceName"] == full_name]
            names.append(
                only(those, f"endpoint for {service}", "VpcEndpointId", self._place)["VpcEndpointId"]
            )
        return findings.passed(check, ", ".join(names))

    @cached_property
    def _vpc(self) -> "VpcTypeDef":
        with translated("ec2:DescribeVpcs"):
            found = self._ec2.describe_vpcs(
                Filters=[{"Name": f"tag:{ZONE_TAG}", "Values": [self._place.zone]}]
            )["Vpcs"]
        return only(found, "network", "VpcId", self._place)

    @cached_property
    def _subnets(self) -> "list[SubnetTypeDef]":
        with translated("ec2:DescribeSubnets"):
            return self._ec2.describe_subnets(Filters=self._ours)["Subnets"]

    def _subnets_for(self, service: str) -> dict[str, str]:
        found = {}
        for zone_id in self._place.availability_zone_ids:
            here = [s for s in of_service(self._subnets, service) if s["AvailabilityZoneId"] == zone_id]
            subnet = only(here, f"subnet for {service} in {zone_id}", "SubnetId", self._place)
            if not subnet.get("Ipv6CidrBlockAssociationSet"):
                raise Mismatch(f"{subnet['SubnetId']} has no IPv6 addresses", apply_again(self._place))
            found[zone_id] = subnet["SubnetId"]
        return found

    def _tables(self) -> "list[RouteTableTypeDef]":
        with translated("ec2:DescribeRouteTables"):
            return self._ec2.describe_route_tables(Filters=self._ours)["RouteTables"]

    def _groups(self) -> "list[SecurityGroupTypeDef]":
        with translated("ec2:DescribeSecurityGroups"):
            return self._ec2.describe_security_groups(Filters=self._ours)["SecurityGroups"]

    def _acls(self) -> "list[NetworkAclTypeDef]":
        with translated("ec2:DescribeNetworkAcls"):
            return self._ec2.describe_network_acls(Filters=self._ours)["NetworkAcls"]

    def _endpoints(self) -> "list[VpcEndpointTypeDef]":
        with translated("ec2:DescribeVpcEndpoints"):
            found = self._ec2.describe_vpc_endpoints(Filters=self._ours)["VpcEndpoints"]
        # AWS goes on listing one that was deleted.
        return [each for each in found if each["State"].lower() in STANDING]

    def _gateways(self) -> "list[EgressOnlyInternetGatewayTypeDef]":
        # Of all these kinds, this one alone cannot be asked for by its network.
        with translated("ec2:DescribeEgressOnlyInternetGateways"):
            answer = self._ec2.describe_egress_only_internet_gateways(Filters=[self._ours[0]])
        return [each for each in answer["EgressOnlyInternetGateways"] if self._is_attached(each)]

    def _is_attached(self, gateway: "EgressOnlyInternetGatewayTypeDef") -> bool:
        return self.vpc_id in [each.get("VpcId") for each in gateway["Attachments"]]

    def _check_covered(self, covered: set[str | None], by: str) -> None:
        """Raises Mismatch if a subnet of hosts is not among those covered."""
        bare = [subnet for subnet in self.host_subnets.values() if subnet not in covered]
        if bare:
            told = ", ".join(bare)
            raise Mismatch(f"{by} does not cover {told}", apply_again(self._place), told)

    @property
    def _ours(self) -> "list[FilterTypeDef]":
        return [
            {"Name": f"tag:{ZONE_TAG}", "Values": [self._place.zone]},
            {"Name": "vpc-id", "Values": [self.vpc_id]},
        ]

    @property
    def _ec2(self) -> "EC2Client":
        return self._sessions.ec2(self._place.region)


def _told(subnets: Mapping[str, str]) -> str:
    return ", ".join(f"{zone_id}: {subnet}" for zone_id, subnet in sorted(subnets.items()))


def _sources(rules: "Iterable[IpPermissionOutputTypeDef]") -> Iterator[str]:
    for rule in rules:
        yield from (each["CidrIp"] for each in rule.get("IpRanges", []))
        yield from (each["CidrIpv6"] for each in rule.get("Ipv6Ranges", []))
        yield from (each["PrefixListId"] for each in rule.get("PrefixListIds", []))


def _is_hole(entry: "NetworkAclEntryTypeDef") -> bool:
    """Say whether a rule lets in from anywhere what is no answer to a host: a service's port, or all."""
    if entry["Egress"] or entry["RuleAction"] != "allow":
        return False
    if not {entry.get("CidrBlock"), entry.get("Ipv6CidrBlock")} & ANYWHERE:
        return False
    if entry["Protocol"] in ICMP:
        return False
    return entry.get("PortRange", {}).get("From", 0) < FIRST_RETURN_PORT
