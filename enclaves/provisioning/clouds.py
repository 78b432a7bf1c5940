"""Which provider serves which cloud, and how rows become the plain values that it speaks."""

import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.conf import settings

from enclaves.blueprints import TEMPLATE_VERSION
from enclaves.models import Cloud, CloudAccount, Enclave
from enclaves.providers.aws import AwsConfig, AwsProvider
from enclaves.providers.azure import AzureConfig, AzureProvider
from enclaves.providers.base import Claim, Place, Provider
from enclaves.provisioning import issuer


def provider_for(account: CloudAccount) -> Provider:
    """Return the provider for an account, with the rights that its registration gives."""
    return _PROVIDERS[Cloud(account.cloud)](claim_of(account))


def claim_of(account: CloudAccount) -> Claim:
    return Claim(
        account=account.number,
        registration=account.registration,
        external_id=account.external_id,
        canary_id=f"canary-{_canary_mark(account).hex()[:32]}",
        template_version=TEMPLATE_VERSION,
        tenant=str(account.tenant_id),
        directory=account.azure_tenant_id,
        client_id=account.azure_client_id,
        canary_tenant=str(UUID(bytes=_canary_mark(account)[:16], version=4)),
    )


def place_of(enclave: Enclave) -> Place:
    zone = enclave.zone
    return Place(
        zone=zone.name,
        region=zone.region,
        availability_zone_ids=tuple(zone.availability_zone_ids),
        template_version=TEMPLATE_VERSION,
    )


def _canary_mark(account: CloudAccount) -> bytes:
    """Make what a canary tenant would present for this account, always the same.

    It is given the form of what real tenants present, so that trust in our ids in general is found out.
    """
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"canary {account}".encode(), hashlib.sha256).digest()


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


def _azure(claim: Claim) -> Provider:
    config = AzureConfig(
        issuer=settings.ISSUER_URL,
        sign=partial(_sign_for, claim),
        authority_url=settings.AZURE_AUTHORITY_URL or AzureConfig.authority_url,
        arm_url=settings.AZURE_ARM_URL or AzureConfig.arm_url,
        ca_file=settings.AZURE_CA_FILE or None,
        image_gallery=settings.AZURE_IMAGE_GALLERY,
    )
    return AzureProvider(claim, config)


def _sign_for(claim: Claim, subject: str) -> str:
    """Sign as this tenant or as its canary. No mistake of a provider makes the portal another tenant."""
    if not subject.startswith((f"tenant:{claim.tenant}:", f"tenant:{claim.canary_tenant}:")):
        raise ValueError("A provider may speak for no other tenant than that of its claim.")
    return issuer.sign(subject)


_PROVIDERS: dict[Cloud, Callable[[Claim], Provider]] = {Cloud.AWS: _aws, Cloud.AZURE: _azure}
