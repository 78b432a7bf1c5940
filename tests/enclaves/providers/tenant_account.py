"""An AWS account of a tenant, as its cloud admin and as the portal see it."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from enclaves.blueprints import TEMPLATE_VERSION, Binding, blueprint
from enclaves.blueprints.aws.account import account_template
from enclaves.blueprints.base import Permission
from enclaves.providers.aws import AwsConfig, AwsProvider
from enclaves.providers.base import Claim, HostOrder, Outcome, Place
from sandbox.aws.client import StackView, apply_template
from sandbox.aws.server import EmbeddedAws, PortalIdentity

PLACE = Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",), TEMPLATE_VERSION)


@dataclass
class TenantAccount:
    aws: EmbeddedAws
    portal: PortalIdentity
    number: str
    registration: str = field(default_factory=lambda: str(uuid4()))
    external_id: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def binding(self) -> Binding:
        return Binding(
            self.number, self.registration, self.external_id, self.portal.arn, self.portal.account_id
        )

    @property
    def claim(self) -> Claim:
        return Claim(self.number, self.registration, self.external_id, "canary-of-another", TEMPLATE_VERSION)

    def root(self, service: str, region: str = PLACE.region) -> Any:
        """A client of the account's owner."""
        return self.aws.client(service, self.number, region)

    def account_template(self, permissions: Iterable[Permission]) -> str:
        """The account template as if it granted these permissions only."""
        return account_template(self.binding, permissions)

    def apply_account(self, template: str = "") -> None:
        self._apply(template or blueprint("aws").account_template(self.binding), "enclave-account")

    def apply_zone(self, place: Place = PLACE, **parameters: str) -> StackView:
        template = blueprint("aws").zone_template(self.binding, place)
        return self._apply(template, f"zone-{place.zone}", place.region, parameters)

    def _apply(
        self, template: str, stack: str, region: str = "us-east-1", parameters: dict[str, str] | None = None
    ) -> StackView:
        credentials = self.aws.add_account(self.number)
        return apply_template(self.aws.url, credentials, template, region, stack, parameters)

    def provider(self, **changes: Any) -> AwsProvider:
        config = AwsConfig(self.portal.account_id, self.portal.arn, self.aws.url)
        return AwsProvider(replace(self.claim, **changes), config)

    def distrust(self, role: str, **condition: Any) -> None:
        """Change whom a role trusts: the portal, under this condition only."""
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": self.portal.arn},
            "Action": "sts:AssumeRole",
            **({"Condition": condition} if condition else {}),
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.root("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)

    def order(self, **changes: Any) -> HostOrder:
        host_id = str(uuid4())
        order = HostOrder(
            host_id=host_id,
            name="query-1",
            token=f"{host_id}-0",
            machine="m6g.large",
            image_id=self.image,
            disk_gib=50,
            availability_zone_id="use1-az6",
            confidential="none",
            tags={"enclave:tenant": "acme"},
        )
        return replace(order, **changes)

    @property
    def image(self) -> str:
        return self.image_for("arm64")

    def image_for(self, architecture: str) -> str:
        found = self.root("ec2").describe_images(
            Owners=[self.portal.account_id], Filters=[{"Name": "architecture", "Values": [architecture]}]
        )
        return str(found["Images"][0]["ImageId"])

    def instances(self) -> list[dict[str, Any]]:
        """Every machine of the account that is not gone, as its owner sees it."""
        not_gone = {"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}
        bunches = self.root("ec2").describe_instances(Filters=[not_gone])["Reservations"]
        return [machine for bunch in bunches for machine in bunch["Instances"]]

    def end_all(self) -> None:
        """End every machine, as only the account's owner could."""
        ids = [machine["InstanceId"] for machine in self.instances()]
        if ids:
            self.root("ec2").terminate_instances(InstanceIds=ids)

    def calls(self) -> list[str]:
        """What the portal called here."""
        return [
            call.action
            for call in self.aws.record.calls(account=self.number)
            if call.role or "sts" in call.action
        ]


def wrong(findings: Any) -> dict[str, str]:
    """The findings that are no pass, by code, with their title."""
    return {each.code: each.title for each in findings if each.outcome != Outcome.PASSED}


def outcomes(findings: Any) -> dict[str, str]:
    return {each.code: str(each.outcome) for each in findings}
