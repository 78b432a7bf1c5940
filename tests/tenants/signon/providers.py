"""Tenants with an identity provider each, and people who go there; fixtures, known to tests/tenants."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from random import randrange
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from sandbox.idp.provider import Application, Person
from sandbox.idp.server import IdentityProvider
from tenants.actors import Actor
from tenants.models import SignOn, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.signon.settings import configure, sign_on_of
from tests.tenants.signon.liar import Liar

SECRET = "hush: %/+ hush"


@pytest.fixture(scope="session")
def provider_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def new_provider(settings, provider_key) -> Iterator[Callable[[str], Liar]]:
    """Run a provider where the tenant of a name is registered: ``new_provider("acme")``."""
    settings.SIGN_ON_LOOPBACK = True
    running: list[IdentityProvider] = []

    def run(tenant: str) -> Liar:
        uri = f"{django_settings.BASE_URL}/sign-on/{tenant}/callback/"
        application = Application(f"portal-{tenant}", SECRET, uri)
        one = IdentityProvider.listening(kind=Liar, key=provider_key, applications=[application])
        one.start()
        running.append(one)
        return one.provider

    yield run
    for one in running:
        one.stop()


@pytest.fixture
def provider(new_provider) -> Liar:
    """The provider of acme."""
    return new_provider("acme")


@pytest.fixture
def set_up(actor) -> Callable[..., SignOn]:
    """Have an admin tell the portal of a provider: ``set_up(provider)``, ``set_up(other, globex)``."""

    def make(provider: Liar, *where: Tenant, in_force: bool = True, **changes) -> SignOn:
        by = actor(Role.ADMIN, *where)
        given = {
            "issuer": provider.issuer,
            "client_id": provider.applications[0].client_id,
            "client_secret": SECRET,
            "trusts_email": False,
            "trusts_factor": False,
        }
        with tenant_scope(by.tenant_id):
            sign_on = configure(**{**given, **changes}, by=by)
            if in_force:
                put(sign_on)
            return sign_on_of(by.tenant)

    return make


def put(sign_on: SignOn) -> None:
    """As if an admin had tried it a while ago."""
    Tenant.objects.filter(pk=sign_on.tenant_id).update(sign_on_since=timezone.now())


@dataclass
class Browser:
    """Somebody at a browser, who goes to the provider and chooses who they are there."""

    client: Client

    def begin(self, tenant: str = "acme", page: str = "") -> str:
        """Go out; return where the portal sends the browser."""
        way = self.client.get(f"/sign-on/{tenant}/start/", {"next": page} if page else {})
        assert way.status_code == 302, way.content.decode()
        return way.url

    def choose(self, place: str, provider: Liar, subject: str) -> str:
        """Say at the provider who one is; return where it sends the browser back to."""
        return provider.sign_in(dict(parse_qsl(urlsplit(place).query)), subject)

    def come_back(self, place: str) -> HttpResponse:
        parts = urlsplit(place)
        return self.client.get(parts.path, dict(parse_qsl(parts.query)))

    def sign_on(self, provider: Liar, subject: str, tenant: str = "acme", page: str = "") -> HttpResponse:
        return self.come_back(self.choose(self.begin(tenant, page), provider, subject))


@pytest.fixture
def visitor() -> Browser:
    return Browser(Client(REMOTE_ADDR=somewhere()))


def somewhere() -> str:
    """An address of nobody else, because those who begin are counted by theirs."""
    return str(ip_address(0x0A000000 + randrange(1 << 24)))  # noqa: S311 -- no secret


def know(provider: Liar, by: Actor | str, **facts) -> str:
    """Give somebody an account at a provider; return what it calls them."""
    email = by if isinstance(by, str) else by.membership.user.email
    subject = f"sub-{email}"
    provider.people.append(Person(subject=subject, email=email, name="Somebody", **facts))
    return subject
