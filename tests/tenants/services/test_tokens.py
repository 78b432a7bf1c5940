from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.models import ApiToken
from tenants.policy import Role
from tenants.services.tokens import create_token, revoke_token
from tenants.tokens import digest_of

SOON = timedelta(days=7)


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def test_the_secret_of_a_token_is_not_kept(in_acme, actor):
    token, secret = create_token("ci", ["reader"], timezone.now() + SOON, by=actor(Role.ADMIN))

    token.refresh_from_db()
    assert secret.startswith("ep_")
    assert len(secret) > 40
    assert token.digest == digest_of(secret)
    kept = " ".join(str(value) for value in ApiToken.objects.values().get().values())
    told = str(list(audit.find(in_acme).values()))
    assert secret not in kept + told


@pytest.mark.parametrize(
    ("maker", "given", "may"),
    [
        (Role.ADMIN, Role.ADMIN, True),
        (Role.ADMIN, Role.DEVELOPER, True),
        (Role.DEVELOPER, Role.DEVELOPER, True),
        (Role.DEVELOPER, Role.ADMIN, False),
        (Role.READER, Role.READER, False),
    ],
)
def test_nobody_makes_a_token_that_may_more_than_they(in_acme, actor, maker, given, may):
    def make():
        return create_token("ci", [given], timezone.now() + SOON, by=actor(maker))

    if may:
        assert make()[0].roles == [given]
    else:
        with pytest.raises(Forbidden):
            make()
        assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("life", [timedelta(0), timedelta(seconds=-1), timedelta(days=400)])
def test_a_token_ends_and_not_in_the_past(in_acme, actor, life):
    with pytest.raises(ValidationError) as refusal:
        create_token("ci", ["reader"], timezone.now() + life, by=actor(Role.ADMIN))

    assert list(refusal.value.message_dict) == ["expires_at"]


def test_a_token_makes_its_successor(in_acme, actor):
    first, _ = create_token("ci", ["admin"], timezone.now() + SOON, by=actor(Role.ADMIN))

    second, _ = create_token("ci", ["admin"], timezone.now() + 2 * SOON, by=Actor.of_token(first))

    assert second.created_by is None
    assert audit.find(in_acme).latest("sequence").actor == "token ci"


def test_a_token_is_revoked_once(in_acme, actor):
    token, _ = create_token("ci", ["reader"], timezone.now() + SOON, by=actor(Role.ADMIN))

    revoke_token(token, by=actor(Role.DEVELOPER))
    revoke_token(token, by=actor(Role.DEVELOPER))

    token.refresh_from_db()
    assert token.state == "revoked"
    assert actions(in_acme).count("token.revoked") == 1


def test_a_developer_does_not_revoke_what_an_admin_made_for_admins(in_acme, actor):
    token, _ = create_token("ci", ["admin"], timezone.now() + SOON, by=actor(Role.ADMIN))

    with pytest.raises(Forbidden):
        revoke_token(token, by=actor(Role.DEVELOPER))

    token.refresh_from_db()
    assert token.state == "active"
