"""Sets the demo's single sign-on up as an admin of acme does: settings, a way to the provider, and back."""

from urllib.parse import parse_qs, urlsplit

from portal.runtime.sandbox import SandboxIdp
from tenants.actors import Actor
from tenants.signon import protocol
from tenants.signon.arriving import client_of, pass_test
from tenants.signon.settings import configure
from tenants.views.signing_on import redirect_uri


def set_up_sign_on(idp: SandboxIdp, *, by: Actor) -> None:
    """Put the sign-on of a tenant in force. Raises SignOnFailed, SandboxRefused."""
    name = by.tenant.name
    sign_on = configure(
        by=by,
        issuer=idp.issuer,
        client_id=idp.client_id,
        client_secret="",  # a public client: PKCE alone protects its codes
        trusts_email=False,
        trusts_factor=False,
    )
    client = client_of(sign_on, redirect_uri(name))
    _, attempt, page = protocol.begin(client, tenant=name, purpose="test", page="")
    answer = parse_qs(urlsplit(idp.sign_in(page, by.label)).query)
    claims = protocol.finish(client, attempt, code=answer["code"][0], issuer=answer["iss"][0])
    pass_test(claims, attempt, by=by)
