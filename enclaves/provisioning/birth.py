"""What a new host is told at its birth: who it is, where its gateways are, and whom it is to believe."""

from typing import Any

from django.conf import settings

from enclaves.blueprints import cloud_init
from enclaves.models import Enclave, Host
from enclaves.providers.base import ProviderError, Trouble
from enclaves.provisioning import authorities
from enclaves.signing.errors import KeyBoxError
from enclaves.signing.rotation import Purpose


def user_data(enclave: Enclave, host: Host) -> str:
    """The text for cloud-init, with nothing secret in it; empty where no gateway is set up.

    Keys change, and a launch that is tried again must say the same: so it is kept in the host's row.
    Raises ProviderError where the portal cannot say it, which says nothing about any account.
    """
    if not settings.GATEWAY_URLS:
        return ""
    try:
        return cloud_init.user_data(_told(enclave, host))
    except (authorities.NoSecret, KeyBoxError, cloud_init.TooLong) as error:
        text = f"The portal cannot tell a new host whom to believe: {error}"
        raise ProviderError(text, trouble=Trouble.UNAVAILABLE) from error


def _told(enclave: Enclave, host: Host) -> dict[str, Any]:
    return {
        "gateway_urls": settings.GATEWAY_URLS,
        "gateway_ca": authorities.roots(Purpose.GATEWAYS),
        "host_id": str(host.pk),
        "tenant": enclave.account.tenant.name,
        "zone": enclave.zone_id,
        "cloud": enclave.account.cloud,
        "grant_keys": authorities.grant_key_pems(),
        "user_ca": authorities.ssh_lines(Purpose.SSH_USERS, enclave.pk),
        "login": settings.HOST_LOGIN,
        "agent_sha256": settings.AGENT_SHA256,
    }
