from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.models import ServiceAccount
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.service_accounts import (
    change_service_account,
    create_service_account,
    disable_service_account,
    enable_service_account,
)
from tenants.services.tokens import create_service_token, create_token
from tenants.tokens import BadToken, find_token

SOON = timedelta(days=7)


@pytest.fixture
def deploy(in_acme, actor, machine):
    """A service account with the secret of a token."""
    account = machine(Role.DEVELOPER)
    return account, create_service_token(account, "ci", timezone.now() + SOON, by=actor(Role.ADMIN))[1]


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def test_an_admin_makes_a_service_account_without_any_token(in_acme, actor):
    made = create_service_account("deploy", ["developer", "reader"], "Pipelines", by=actor(Role.ADMIN))

    assert (made.name, made.title, made.roles, made.state) == (
        "deploy",
        "Pipelines",
        ["developer", "reader"],
        "active",
    )
    assert made.tokens.count() == 0
    assert actions(in_acme)[-1] == "service_account.created"


@pytest.mark.parametrize("name", ["", "Deploy", "9lives", "a b", "x" * 41, "deploy\n-", "dépl"])
def test_a_service_account_needs_a_name_that_is_a_slug(in_acme, actor, name):
    with pytest.raises(ValidationError) as refusal:
        create_service_account(name, ["reader"], by=actor(Role.ADMIN))

    assert list(refusal.value.message_dict) == ["name"]


def test_a_name_is_given_once_in_a_tenant_and_freely_in_another(in_acme, actor, globex):
    create_service_account("deploy", ["reader"], by=actor(Role.ADMIN))

    with pytest.raises(ValidationError, match="The name deploy is taken"):
        create_service_account("deploy", ["reader"], by=actor(Role.ADMIN))
    elsewhere = actor(Role.ADMIN, globex)
    with tenant_scope(globex.pk):
        assert create_service_account("deploy", ["reader"], by=elsewhere).name == "deploy"


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_an_admin_touches_service_accounts(actor, deploy, role):
    account, by = deploy[0], actor(role)

    for attempt in (
        lambda: create_service_account("other", ["reader"], by=by),
        lambda: change_service_account(account, ["reader"], "", by=by),
        lambda: disable_service_account(account, by=by),
        lambda: enable_service_account(account, by=by),
    ):
        with pytest.raises(Forbidden):
            attempt()

    assert list(ServiceAccount.objects.values_list("roles", "disabled_at")) == [(["developer"], None)]


def test_a_personal_token_neither_makes_nor_widens_a_service_account(actor, deploy):
    token, _ = create_token("laptop", ["admin"], timezone.now() + SOON, by=actor(Role.ADMIN))
    account, by = deploy[0], Actor.of_token(token)

    for attempt in (
        lambda: create_service_account("other", ["reader"], by=by),
        lambda: change_service_account(account, ["admin"], "", by=by),
        lambda: enable_service_account(account, by=by),
    ):
        with pytest.raises(Forbidden):
            attempt()

    assert list(ServiceAccount.objects.values_list("roles", flat=True)) == [["developer"]]


def test_other_roles_hold_from_the_next_call_on(in_acme, actor, deploy):
    account, secret = deploy

    change_service_account(account, ["reader"], "Reads", by=actor(Role.ADMIN))

    assert find_token(secret).roles_now == (Role.READER,)
    event = audit.find(in_acme).latest("sequence")
    assert event.detail["before"] == {"roles": ["developer"], "title": ""}
    assert event.detail["after"] == {"roles": ["reader"], "title": "Reads"}


def test_a_change_that_changes_nothing_is_not_recorded(in_acme, actor, deploy):
    before = actions(in_acme)

    change_service_account(deploy[0], ["developer"], "", by=actor(Role.ADMIN))

    assert actions(in_acme) == before


def test_a_disabled_service_account_stops_at_once(actor, deploy):
    account, secret = deploy

    disable_service_account(account, by=actor(Role.ADMIN))

    with pytest.raises(BadToken, match="its service account is disabled"):
        find_token(secret)


def test_an_enabled_one_works_again(in_acme, actor, deploy):
    account, secret = deploy
    by = actor(Role.ADMIN)

    for change in (disable_service_account, disable_service_account, enable_service_account):
        change(account, by=by)

    assert find_token(secret).roles_now == (Role.DEVELOPER,)
    assert actions(in_acme)[-2:] == ["service_account.disabled", "service_account.enabled"]
