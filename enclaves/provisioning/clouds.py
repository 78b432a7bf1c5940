"""Which provider serves which cloud, and how rows become the plain values that it speaks."""

import hashlib
import hmac
from collections.abc import Callable

from django.conf import settings

from enclaves.blueprints import TEMPLATE_VERSION
from enclaves.models import Cloud, CloudAccount, Enclave
from enclaves.providers.aws import AwsConfig, AwsProvider
from enclaves.providers.base import Claim, Place, Provider


def provider_for(account: CloudAccount) -> Provider:
    """Return the provider for an account, with the rights that its registration gives."""
    return _PROVIDERS[Cloud(account.cloud)](claim_of(account))


def claim_of(account: CloudAccount) -> Claim:
    return Claim(
        account=account.number,
        registration=account.registration,
        external_id=account.external_id,
        canary_id=_canary_id(account),
        template_version=TEMPLATE_VERSION,
    )


def place_of(enclave: Enclave) -> Place:
    zone = enclave.zone
    return Place(
        zone=zone.name,
        region=zone.region,
        availability_zone_ids=tuple(zone.availability_zone_ids),
        template_version=TEMPLATE_VERSION,
    )


def _canary_id(account: CloudAccount) -> str:
    """Make the external id that a canary tenant would present for this account.

    It has the form of a real one, so that a trust policy that accepts our ids in general is found out.
    """
    mark = hmac.new(settings.SECRET_KEY.encode(), f"canary {account}".encode(), hashlib.sha256)
    return f"canary-{mark.hexdigest()[:32]}"


def _aws(claim: Claim) -> Provider:
    return AwsProvider(
        claim,
        AwsConfig(
            portal_account_id=settings.AWS_ACCOUNT_ID,
            principal_arn=settings.AWS_PRINCIPAL_ARN,
            endpoint_url=settings.AWS_ENDPOINT_URL,
            image_owner=settings.AWS_ACCOUNT_ID,
        ),
    )


_PROVIDERS: dict[Cloud, Callable[[Claim], Provider]] = {Cloud.AWS: _aws}
