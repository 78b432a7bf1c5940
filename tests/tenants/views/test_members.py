from tenants.models import Membership
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services import members as services

PAGE = "/t/acme/members/"


def test_the_list_names_everybody_with_their_roles(browser, actor):
    actor(Role.DEVELOPER)

    page = browser(Role.READER).get(PAGE).text

    assert [part in page for part in ("admin@acme.example", "developer@acme.example")] == [True, True]
    assert "Remove…" not in page


def test_roles_are_changed(browser, actor, acme):
    member = actor(Role.READER).membership

    browser(Role.ADMIN).post(f"{PAGE}{member.pk}/roles/", {"roles": ["developer"]})

    with tenant_scope(acme.pk):
        member.refresh_from_db()
    assert member.roles == ["developer"]


def test_the_last_admin_is_told_to_stay(browser, actor, acme):
    admin = actor(Role.ADMIN).membership
    client = browser(Role.ADMIN)

    changed = client.post(f"{PAGE}{admin.pk}/roles/", {"roles": ["reader"]})
    removed = client.post(f"{PAGE}{admin.pk}/remove/", follow=True)

    assert ["last admin" in page.text for page in (changed, removed)] == [True, True]
    with tenant_scope(acme.pk):
        assert Membership.objects.get().roles == ["admin"]


def test_a_member_is_removed_after_a_question(browser, actor, acme):
    member = actor(Role.READER).membership
    client = browser(Role.ADMIN)

    asked = client.get(f"{PAGE}{member.pk}/remove/")
    client.post(f"{PAGE}{member.pk}/remove/")

    assert "Remove now" in asked.text
    with tenant_scope(acme.pk):
        assert not Membership.objects.filter(pk=member.pk).exists()


def test_who_removes_themselves_lands_outside(browser, actor, acme, new_user):
    with tenant_scope(acme.pk):
        services.add_member(new_user("bob@acme.example"), ["admin"], by=actor(Role.ADMIN))

    answer = browser(Role.ADMIN).post(f"{PAGE}{actor(Role.ADMIN).membership.pk}/remove/")

    assert answer.url == "/"


def test_the_member_of_another_tenant_is_not_found(browser, actor, globex):
    theirs = actor(Role.ADMIN, globex).membership.pk

    assert browser(Role.ADMIN).post(f"{PAGE}{theirs}/remove/").status_code == 404


def test_the_list_costs_the_same_for_one_and_for_three(browser, actor, queries, at_most):
    client = browser(Role.ADMIN)
    with at_most(12) as before:
        client.get(PAGE)
    actor(Role.DEVELOPER)
    actor(Role.READER)

    with queries(len(before)):
        client.get(PAGE)


def test_somebody_leaves_after_a_question(browser, actor, acme):
    actor(Role.ADMIN)
    client = browser(Role.READER)

    asked = client.get("/t/acme/leave/").text
    answer = client.post("/t/acme/leave/")

    assert ("Leave acme?" in asked, answer.url) == (True, "/")
    assert client.get(PAGE).status_code == 404


def test_the_last_admin_cannot_leave(browser):
    answer = browser(Role.ADMIN).post("/t/acme/leave/", follow=True)

    assert "last admin" in answer.text


def test_a_removal_says_what_stays(browser, actor):
    member = actor(Role.READER).membership

    asked = browser(Role.ADMIN).get(f"{PAGE}{member.pk}/remove/").text

    assert "Their personal tokens are revoked, for good." in asked
