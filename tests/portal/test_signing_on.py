import pytest

from portal.pretending import PEOPLE
from portal.runtime.sandbox import SandboxIdp
from portal.signing_on import set_up_sign_on
from sandbox.idp.__main__ import _person
from sandbox.idp.provider import Application
from sandbox.idp.server import IdentityProvider
from tenants.models import Tenant
from tenants.policy import Role
from tenants.signon.settings import sign_on_of, state_of


@pytest.fixture
def idp(settings):
    """The pretend provider, in this process."""
    settings.SIGN_ON_LOOPBACK = True
    back = f"{settings.BASE_URL}/sign-on/acme/callback/"
    people = [_person("admin@acme.example:Ada Admin")]
    running = IdentityProvider.listening(
        people=people, applications=[Application(SandboxIdp.client_id, "", back)]
    )
    running.start()
    yield SandboxIdp(running.server.server_port)
    running.stop()


def test_the_demos_sign_on_is_set_up_by_going_there_and_back(idp, in_acme, new_user, actor):
    by = actor(Role.ADMIN)

    set_up_sign_on(idp, by=by)

    tenant = Tenant.objects.get(pk=in_acme.pk)
    assert state_of(tenant, sign_on_of(tenant)) == "in_force"


def test_the_demos_people_are_told_apart_at_the_provider():
    subjects = {_person(f"{email}:{name}").subject for email, name in PEOPLE.items()}

    assert len(subjects) == len(PEOPLE)
