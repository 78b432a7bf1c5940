import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.codes import code_of
from tenants.models import StaffEvent, StaffMember, User
from tenants.policy import StaffRole

pytestmark = pytest.mark.django_db

ADDRESS = "opal@vendor.example"
PHRASE = "plums in the icebox"


@pytest.fixture
def run(capsys):
    def add(*arguments: str) -> str:
        call_command("add_operator", *arguments)
        return capsys.readouterr().out

    return add


def test_the_first_operator_is_made_and_told_how_to_go_on(run):
    said = run("Opal@vendor.example", "--name", "Opal Operator")

    member = StaffMember.objects.get()
    assert (member.user.email, str(member.user), member.roles) == (ADDRESS, "Opal Operator", ["operator"])
    assert ("second factor" in said, "/staff/" in said) == (True, True)
    assert StaffEvent.objects.get().actor == "shell"


def test_the_link_that_it_prints_sets_the_password(run):
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", run(ADDRESS))[1]
    client = Client()

    form = client.get(link, follow=True)
    client.post(
        form.request["PATH_INFO"], {"password1": "plums in the icebox", "password2": "plums in the icebox"}
    )

    assert User.objects.get().check_password("plums in the icebox")


def test_whoever_is_staff_becomes_an_operator_besides(run, staff):
    staff(StaffRole.SUPPORT)

    run("support@vendor.example")

    assert StaffMember.objects.get().roles == ["support", "operator"]


def test_an_operator_stays_one(run):
    run(ADDRESS)
    run(ADDRESS)

    assert StaffMember.objects.get().roles == ["operator"]


@pytest.mark.parametrize(
    ("email", "said"), [("admin@acme.example", "member of a tenant"), ("nobody", "valid")]
)
def test_who_cannot_be_staff_is_refused(run, acme, email, said):
    with pytest.raises(CommandError, match=said):
        run(email)

    assert not StaffMember.objects.exists()


def test_the_first_operator_gets_in_by_the_link_a_password_and_a_second_factor(run, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # as in production, where no mail may work yet
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", run(ADDRESS))[1]
    client = Client()
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": PHRASE, "password2": PHRASE})
    client.post("/accounts/login/", {"login": ADDRESS, "password": PHRASE})

    closed = client.get("/staff/zones/")
    setting_up = client.get("/accounts/2fa/totp/activate/?next=/staff/zones/")
    secret = setting_up.context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})

    assert (closed.status_code, client.get("/staff/zones/").status_code) == (302, 200)
