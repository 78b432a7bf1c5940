"""What a new host is told at its birth: who it is, where its gateways are, and whom it is to believe."""

from django.conf import settings

from enclaves.blueprints import cloud_init
from enclaves.models import Enclave, Host
from enclaves.provisioning import authorities
from enclaves.signing.rotation import Purpose


def user_data(enclave: Enclave, host: Host) -> str:
    """The text for cloud-init, with nothing secret in it; empty where no gateway is set up.

    Keys change, and a launch that is tried again must say the same: so it is kept in the host's row.
    """
    if not settings.GATEWAY_URLS:
        return ""
    return cloud_init.user_data(
        {
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
    )
