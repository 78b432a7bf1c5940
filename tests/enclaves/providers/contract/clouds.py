"""Each cloud in the words in which the contract's tests speak of it."""

import base64
import http.client
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import pytest

from enclaves.blueprints.aws import manifest as aws_manifest
from enclaves.blueprints.aws.names import OBSERVER as AWS_OBSERVER
from enclaves.blueprints.azure.names import OBSERVER as AZURE_OBSERVER
from enclaves.blueprints.azure.names import subject
from enclaves.providers.aws import machines as aws_machines
from enclaves.providers.azure import versions
from enclaves.providers.base import Place, Trouble
from sandbox.aws.server import EmbeddedAws, PortalIdentity
from sandbox.azure.azure import Azure
from sandbox.azure.wire import Request
from tests.enclaves.providers import tenant_account, tenant_subscription
from tests.enclaves.providers.tenant_account import TenantAccount
from tests.enclaves.providers.tenant_subscription import TenantSubscription, TestIssuer

NUMBERS = itertools.count(400000000000)
PAGE = 5
TOKEN = "X-aws-ec2-metadata-token"


class AwsCloud:
    """A tenant's account on AWS."""

    place = tenant_account.PLACE
    elsewhere = Place("prod.aws-us-east-1a", "us-east-1", ("use1-az1",), 1)
    no_machine = "i-0123456789abcdef0"
    most_told = 16 * 1024  # bytes of user data
    strangers = ("without-id", "random-id", "canary-id")
    removed = "ec2:TerminateInstances"
    calls = {"launch": "ec2:RunInstances", "list": "ec2:DescribeInstances", "permissions": "iam:Simulate*"}
    errors = {
        Trouble.REFUSED: "UnauthorizedOperation",
        Trouble.THROTTLED: "RequestLimitExceeded",
        Trouble.UNAVAILABLE: "InternalError",
        Trouble.NO_CAPACITY: "InsufficientInstanceCapacity",
        Trouble.QUOTA: "VcpuLimitExceeded",
    }

    def __init__(self, aws: EmbeddedAws, portal: PortalIdentity) -> None:
        self._aws = aws
        self.account = TenantAccount(aws, portal, str(next(NUMBERS)))
        aws.add_account(self.account.number)

    def spoil(self, what: str, trouble: Trouble | None = None, **fault: Any) -> None:
        """Let calls meet a trouble, all of them unless told otherwise."""
        wish = {"error": self.errors[trouble]} if trouble else {}
        self._aws.faults.add(
            account=self.account.number, action=self.calls[what], **{"times": None, **wish, **fault}
        )

    def heal(self) -> None:
        self._aws.faults.clear()

    def exhaust(self, trouble: Trouble) -> None:
        """Leave no capacity, or no quota."""
        self.spoil("launch", trouble)

    def let_in(self, stranger: str) -> None:
        """Change whom the observer trusts, so that this stranger gets in."""
        own, canary = self.account.external_id, self.account.claim.canary_id
        conditions: dict[str, dict[str, Any]] = {
            "without-id": {},
            "random-id": {"StringLike": {"sts:ExternalId": "*"}},
            "canary-id": {"StringEquals": {"sts:ExternalId": [own, canary]}},
        }
        self.account.distrust(AWS_OBSERVER, **conditions[stranger])

    def remove_action(self) -> None:
        kept = [each for each in aws_manifest.PERMISSIONS if each.action != self.removed]
        self.account.apply_account(self.account.account_template(kept))

    @contextmanager
    def small_pages(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws_machines, "PAGE", PAGE)
            yield

    def machines(self) -> list[dict[str, str]]:
        """The tags of each machine, as the account's owner sees them."""
        return [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in self.account.instances()]

    def told(self, identity: str) -> str:
        """What a machine reads of what it was told at its birth."""
        place, lasts = f"/_sandbox/instances/{identity}/latest", {f"{TOKEN}-ttl-seconds": "60"}
        token = self._ask("PUT", f"{place}/api/token", lasts)
        return self._ask("GET", f"{place}/user-data", {TOKEN: token})

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> str:
        connection = http.client.HTTPConnection(urlsplit(self._aws.url).netloc, timeout=10)
        connection.request(method, path, headers=headers)
        told = connection.getresponse().read().decode()
        connection.close()
        return told

    def clear(self) -> None:
        self._aws.reset()
        self.account.end_all()
        self._aws.record.clear()


class AzureCloud:
    """A tenant's subscription on Azure."""

    place = tenant_subscription.PLACE
    elsewhere = Place("prod.azure-eastus-az2", "eastus", ("eastus-az2",), 1)
    no_machine = "host-00000000-0000-4000-8000-000000000000"
    most_told = 64 * 1024 - 1
    strangers = ("canary-tenant", "other-subscription")
    removed = "Microsoft.Compute/virtualMachines/delete"
    calls = {
        "launch": f"{versions.MACHINE}/write",
        "list": f"{versions.MACHINE}/read",
        "permissions": f"{versions.ROLE_DEFINITION}/read",
    }
    errors = {
        Trouble.REFUSED: "AuthorizationFailed",
        Trouble.THROTTLED: "TooManyRequests",
        Trouble.UNAVAILABLE: "InternalServerError",
    }

    def __init__(self, azure: Azure, issuer: TestIssuer) -> None:
        self._azure = azure
        self.account = TenantSubscription(azure, issuer)

    def spoil(self, what: str, trouble: Trouble | None = None, **fault: Any) -> None:
        wish = {"error": self.errors[trouble]} if trouble else {}
        self._azure.faults.add(
            subscription=self.account.number, action=self.calls[what], **{"times": None, **wish, **fault}
        )

    def heal(self) -> None:
        self._azure.faults.clear()

    def exhaust(self, trouble: Trouble) -> None:
        if trouble == Trouble.QUOTA:
            self._azure.behaviour.limit_quota(0, self.account.number, self.place.region)
        else:
            self._azure.behaviour.limit_capacity(0, self.account.number)

    def let_in(self, stranger: str) -> None:
        account = self.account
        # The provider makes up the other subscription in the same way each time.
        other = str(uuid5(NAMESPACE_URL, f"not {account.number}"))
        subjects = {
            "canary-tenant": subject(account.canary_tenant, account.number, AZURE_OBSERVER),
            "other-subscription": subject(account.tenant, other, AZURE_OBSERVER),
        }
        account.trust_also(AZURE_OBSERVER, subjects[stranger])

    def remove_action(self) -> None:
        title = "enclave-provisioner"
        kept = [each for each in self.account.actions_of(title) if each != self.removed]
        self.account.regrant(title, kept)

    @contextmanager
    def small_pages(self) -> Iterator[None]:
        self._azure.behaviour.page_size = PAGE
        yield

    def machines(self) -> list[dict[str, str]]:
        return [each["tags"] for each in self.account.machines()]

    def told(self, identity: str) -> str:
        path = f"/_sandbox/instances/{identity}/metadata/instance/compute/userData"
        query = {"api-version": "2021-02-01", "format": "text"}
        headers = {"host": "127.0.0.1:1", "metadata": "true"}
        return base64.b64decode(self._azure.answer(Request("GET", path, query, headers)).body).decode()

    def clear(self) -> None:
        self._azure.reset()
        self._azure.behaviour.throttling = False
        self.account.end_all()
        self._azure.record.clear()
