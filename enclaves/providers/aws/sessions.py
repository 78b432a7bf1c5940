"""How the portal becomes one of its roles in a tenant's account, once per role."""

import json
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from enclaves.blueprints.aws.names import OBSERVER, PROVISIONER, role_arn
from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.errors import translated
from enclaves.providers.base import Claim, ProviderError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

type Service = Literal["ec2", "iam", "kms", "s3", "sts"]

# Where the services that know no region are asked.
HOME_REGION = "us-east-1"

SESSION_NAME = "enclave-portal"
SESSION_SECONDS = 3600
SHORTEST_SESSION_SECONDS = 900
NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


class Sessions:
    """The clients of one claim. A role is assumed when it is first needed, and never a second time."""

    def __init__(self, claim: Claim, config: AwsConfig) -> None:
        self._claim = claim
        self._config = config
        self._opened: dict[str, boto3.Session | ProviderError] = {}
        self._clients: dict[tuple[str, Service, str], Any] = {}

    def __repr__(self) -> str:
        return f"Sessions({self._claim.account})"

    def sts(self, role: str) -> "STSClient":
        client: STSClient = self._client(role, "sts", HOME_REGION)
        return client

    def iam(self) -> "IAMClient":
        client: IAMClient = self._client(OBSERVER, "iam", HOME_REGION)
        return client

    def kms(self, region: str) -> "KMSClient":
        client: KMSClient = self._client(OBSERVER, "kms", region)
        return client

    def s3(self, region: str) -> "S3Client":
        client: S3Client = self._client(OBSERVER, "s3", region)
        return client

    def ec2(self, region: str) -> "EC2Client":
        """Return EC2 to look at. What may change something is ``ec2_to_change``."""
        client: EC2Client = self._client(OBSERVER, "ec2", region)
        return client

    def ec2_to_change(self, region: str) -> "EC2Client":
        client: EC2Client = self._client(PROVISIONER, "ec2", region)
        return client

    def knock(self, role: str, external_id: str | None) -> None:
        """Try to assume a role as somebody who lacks our id. Returns only if that stranger got in.

        The session of a stranger who got in is allowed nothing at all, and is thrown away.
        """
        presented: dict[str, Any] = {"ExternalId": external_id} if external_id is not None else {}
        with translated("sts:AssumeRole"):
            self._portal.assume_role(
                RoleArn=role_arn(self._claim.account, role),
                RoleSessionName=SESSION_NAME,
                DurationSeconds=SHORTEST_SESSION_SECONDS,
                Policy=json.dumps(NOTHING),
                **presented,
            )

    def _client(self, role: str, service: Service, region: str) -> Any:
        key = (role, service, region)
        if key not in self._clients:
            self._clients[key] = self._made(self._session(role), service, region)
        return self._clients[key]

    def _session(self, role: str) -> boto3.Session:
        if role not in self._opened:
            self._opened[role] = self._try_open(role)
        opened = self._opened[role]
        if isinstance(opened, ProviderError):
            raise opened
        return opened

    def _try_open(self, role: str) -> boto3.Session | ProviderError:
        # A refusal is kept like a session: the checks that follow must not each ask again.
        try:
            return self._open(role)
        except ProviderError as error:
            return error

    def _open(self, role: str) -> boto3.Session:
        with translated("sts:AssumeRole"):
            answer = self._portal.assume_role(
                RoleArn=role_arn(self._claim.account, role),
                RoleSessionName=SESSION_NAME,
                ExternalId=self._claim.external_id,
                DurationSeconds=SESSION_SECONDS,
            )
        credentials = answer["Credentials"]
        return _new_session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    @cached_property
    def _portal(self) -> "STSClient":
        client: STSClient = self._made(_new_session(), "sts", HOME_REGION)
        return client

    def _made(self, session: boto3.Session, service: Service, region: str) -> Any:
        endpoint = self._config.endpoint_url or None
        return session.client(service, region_name=region, endpoint_url=endpoint, config=_bounds(endpoint))


def _bounds(endpoint: str | None) -> Config:
    # A worker holds a lease while it waits, so each call ends long before the lease does.
    return Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path" if endpoint else "virtual"},
    )


def _new_session(**credentials: str) -> boto3.Session:
    session = botocore.session.get_session()
    session.register_component("data_loader", _descriptions())
    return boto3.Session(botocore_session=session, **cast("Any", credentials))


@cache
def _descriptions() -> Loader:
    # Reading the description of EC2 takes longer than most calls, so all sessions share one reading.
    return create_loader()
