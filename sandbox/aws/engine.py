"""The engine: moto, set up before its first import, and the few of its objects that the gate reads."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# moto reads these once, while it is imported.
os.environ.update(
    MOTO_IAM_LOAD_MANAGED_POLICIES="true",
    MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    MOTO_ENABLE_AMI_VALIDATION="true",
    MOTO_ALLOW_NONEXISTENT_REGION="false",
)

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import s3_backends

type WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"

__all__ = [
    "ACCOUNT_HEADER",
    "MotoRequestHandler",
    "WsgiApplication",
    "application",
    "buckets",
    "ec2",
    "iam",
    "kms",
    "knows",
]


def application() -> WsgiApplication:
    """moto as a WSGI application; it believes the account header, so only the gate may call it."""
    app: WsgiApplication = DomainDispatcherApplication(create_backend_app)
    return app


def knows(account: str) -> bool:
    return account in iam_backends


def iam(account: str) -> Any:
    return iam_backends[account]["aws"]


def ec2(account: str, region: str) -> Any:
    return ec2_backends[account][region]


def kms(account: str, region: str) -> Any:
    return kms_backends[account][region]


def buckets() -> Iterator[tuple[str, Any]]:
    """Every bucket with the account that owns it; names are global."""
    for account in list(s3_backends):
        for bucket in list(s3_backends[account]["aws"].buckets.values()):
            yield account, bucket
