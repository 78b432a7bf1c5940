import pytest
from django.test import Client

from tenants import audit
from tenants.models import Tenant, User
from tenants.policy import Role
from tenants.scope import tenant_scope


@pytest.fixture
def newcomer(new_user):
    client = Client()
    client.force_login(new_user("ada@initech.example"))
    return client


def test_who_has_no_tenant_yet_is_led_to_make_one(newcomer):
    answer = newcomer.get("/", follow=True)

    assert answer.redirect_chain == [("/tenants/create/", 302)]
    assert "Make your tenant" in answer.text


def test_who_made_a_tenant_stands_in_its_home(newcomer):
    answer = newcomer.post("/tenants/create/", {"name": "initech"}, follow=True)

    assert answer.redirect_chain == [("/t/initech/", 302)]


@pytest.mark.parametrize(("name", "said"), [("Initech", "Use 2 to 31 small letters"), ("acme", "is taken")])
def test_a_name_that_will_not_do_is_told_beside_the_field(newcomer, acme, name, said):
    answer = newcomer.post("/tenants/create/", {"name": name})

    assert (answer.status_code, said in answer.text) == (200, True)


def test_who_has_one_tenant_goes_straight_to_it(browser):
    assert browser(Role.READER).get("/").url == "/t/acme/"


def test_who_has_several_tenants_chooses(browser, actor, globex):
    client = browser(Role.READER)
    with tenant_scope(globex.pk):
        globex.memberships.create(user=actor(Role.READER).membership.user, roles=["admin"])

    answer = client.get("/")

    assert [name in answer.text for name in ("/t/acme/", "/t/globex/")] == [True, True]


def test_a_freeze_wants_the_name_typed(browser, acme):
    client = browser(Role.ADMIN)

    wrong = client.post("/t/acme/freeze/", {"word": "acmee"})
    right = client.post("/t/acme/freeze/", {"word": "acme"})

    assert ("This is not acme." in wrong.text, right.url) == (True, "/t/acme/")
    with tenant_scope(acme.pk):
        assert Tenant.objects.get().frozen_at is not None
        assert audit.find(acme, action="tenant.frozen").count() == 1


def test_a_freeze_is_lifted_after_a_question(browser, acme):
    client = browser(Role.ADMIN)
    client.post("/t/acme/freeze/", {"word": "acme"})

    asked = client.get("/t/acme/unfreeze/")
    client.post("/t/acme/unfreeze/")

    assert "Lift the freeze of acme?" in asked.text
    with tenant_scope(acme.pk):
        assert Tenant.objects.get().frozen_at is None


def test_who_signs_up_is_known_by_name_and_asked_for_a_tenant(db):
    client = Client()
    wanted = {"name": "Ada", "email": "Ada@Initech.example", "password1": "correct horse battery"}

    answer = client.post("/accounts/signup/", wanted, follow=True)

    ada = User.objects.get()
    assert (ada.name, ada.email) == ("Ada", "ada@initech.example")
    assert answer.redirect_chain[-1] == ("/tenants/create/", 302)


def test_who_has_just_chosen_a_password_need_not_give_it_again_for_what_matters(db):
    client = Client()
    wanted = {"name": "Ada", "email": "ada@initech.example", "password1": "correct horse battery"}
    client.post("/accounts/signup/", wanted)
    client.post("/tenants/create/", {"name": "initech"})

    answer = client.get("/t/initech/invitations/send/")

    assert answer.status_code == 200


def test_who_signed_up_signs_in_by_e_mail(new_user, db):
    ada = new_user("ada@initech.example")
    ada.set_password("a long enough password")
    ada.save()
    wanted = {"login": "ADA@initech.example", "password": "a long enough password"}

    answer = Client().post("/accounts/login/", wanted)

    assert (answer.status_code, answer.url) == (302, "/")
