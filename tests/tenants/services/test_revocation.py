from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.models import ApiToken
from tenants.policy import Role
from tenants.services.revocation import revoke_token
from tenants.services.tokens import create_service_token, create_token

SOON = timedelta(days=7)


@pytest.fixture
def kept(in_acme, actor, machine):
    """A token of each kind: of an admin, of a developer, of a service account."""
    until, admin = timezone.now() + SOON, actor(Role.ADMIN)
    return {
        "admin": create_token("laptop", ["admin"], until, by=admin)[0],
        "developer": create_token("laptop", ["reader"], until, by=actor(Role.DEVELOPER))[0],
        "program": create_service_token(machine(Role.READER), "deploy", until, by=admin)[0],
    }


@pytest.mark.parametrize(
    ("who", "ends"),
    [
        (Role.ADMIN, {"admin", "developer", "program"}),
        (Role.DEVELOPER, {"developer"}),
        (Role.READER, set()),
    ],
)
def test_everybody_ends_their_own_and_admins_all(actor, kept, who, ends):
    for name, token in kept.items():
        if name in ends:
            revoke_token(token, by=actor(who))
        else:
            with pytest.raises(Forbidden):
                revoke_token(token, by=actor(who))

    gone = set(ApiToken.objects.exclude(revoked_at=None))
    assert gone == {kept[name] for name in ends}


def test_a_token_ends_itself_and_no_other(actor, kept):
    for token in kept.values():
        revoke_token(token, by=Actor.of_token(token))
    with pytest.raises(Forbidden):
        revoke_token(kept["admin"], by=Actor.of_token(kept["program"]))

    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_who_lost_the_right_to_make_tokens_still_ends_theirs(actor, kept):
    bob = actor(Role.DEVELOPER)
    bob.membership.roles = ["reader"]

    revoke_token(kept["developer"], by=Actor.of_member(bob.membership))

    assert ApiToken.objects.get(pk=kept["developer"].pk).state == "revoked"


def test_a_token_is_revoked_once(actor, kept, acme):
    revoke_token(kept["developer"], by=actor(Role.DEVELOPER))
    revoke_token(kept["developer"], by=actor(Role.ADMIN))

    assert audit.find(acme).filter(action="token.revoked").count() == 1
