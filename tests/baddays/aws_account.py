"""A tenant's AWS account in the hands of its owner: to look at, and to meddle with."""

from dataclasses import dataclass
from typing import Any

from sandbox.aws.server import EmbeddedAws

LIVING = ("pending", "running", "stopping", "stopped")
REGION = "us-east-1"


@dataclass(frozen=True)
class AwsAccount:
    aws: EmbeddedAws
    number: str

    @property
    def url(self) -> str:
        return self.aws.url

    def client(self, service: str) -> Any:
        return self.aws.client(service, self.number, REGION)

    def machines(self) -> list[dict[str, Any]]:
        """Every machine that costs money, whoever made it."""
        pages = self.client("ec2").get_paginator("describe_instances").paginate()
        found = [one for page in pages for bunch in page["Reservations"] for one in bunch["Instances"]]
        return [one for one in found if one["State"]["Name"] in LIVING]

    def host_ids(self) -> dict[str, str]:
        """Instance id to the host that its tag names."""
        return {
            one["InstanceId"]: next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "enclave:host")
            for one in self.machines()
        }

    def calls(self, action: str = "") -> list[str]:
        """What was asked of this account, with the outcome of each call."""
        wanted = {"account": self.number, **({"action": action} if action else {})}
        return [f"{call.action} {call.outcome}" for call in self.aws.record.calls(**wanted)]

    def find(self, kind: str, service: str = "") -> str:
        """The one thing of this kind (vpcs, subnets) that a template of ours made."""
        filters = [{"Name": "tag-key", "Values": ["enclave:registration"]}]
        if service:
            filters.append({"Name": "tag:enclave:service", "Values": [service]})
        (found,) = getattr(self.client("ec2"), f"describe_{kind}")(Filters=filters)[kind.capitalize()]
        return found[f"{kind.capitalize()[:-1]}Id"]
