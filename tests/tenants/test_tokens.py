"""The shape of secrets: what a scanner, and the portal itself, know of one without asking."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tenants.models import ApiToken
from tenants.policy import Role
from tenants.scope import enter_tenant
from tenants.services.tokens import create_service_token, create_token
from tenants.tokens import BadToken, digest_of, find_token, is_well_formed, new_secret

GUIDE = (Path(__file__).parents[2] / "docs/api.md").read_text()
DOCUMENTED = re.compile(re.search(r"^\\bep_.*$", GUIDE, re.MULTILINE)[0])


def with_another(secret: str, place: int) -> str:
    return secret[:place] + ("a" if secret[place] != "a" else "b") + secret[place + 1 :]


def test_secrets_have_the_shape_that_is_documented_and_are_never_the_same():
    made = {new_secret() for _ in range(200)}

    assert [secret for secret in made if not DOCUMENTED.fullmatch(secret)] == []
    assert len(made) == 200


def test_the_check_in_the_guide_tells_secrets_from_chance():
    guide = {}
    exec(re.search(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1], guide)  # noqa: S102 -- ours

    secret = new_secret()

    assert (guide["is_secret"](secret), guide["is_secret"](with_another(secret, 9))) == (True, False)


def test_a_checksum_is_always_the_same():
    body = "ep_" + "x" * 43

    assert [end for end in ("342it3", "000000") if is_well_formed(body + end)] == ["342it3"]


@pytest.mark.parametrize("place", range(3, 52))
def test_a_secret_with_another_character_anywhere_is_none(place):
    assert not is_well_formed(with_another(new_secret(), place))


@pytest.mark.parametrize(
    "text", ["", "ep_", "nonsense", "ep_" + "x" * 42, "ep_" + "x" * 5000, "ep_\x7f", "ep_" + "é" * 43]
)
def test_what_is_none_is_not_taken_for_one(text):
    assert not is_well_formed(text)


def test_what_has_a_wrong_checksum_is_refused_before_the_database_is_asked(db, queries):
    with queries(0), pytest.raises(BadToken, match="no token of the portal"):
        find_token(with_another(new_secret(), 50))


def test_a_secret_from_before_there_were_checksums_still_works(in_acme, actor):
    token, _ = create_token("ci", ["reader"], timezone.now() + timedelta(days=1), by=actor(Role.ADMIN))
    ApiToken.objects.update(digest=digest_of("ep_" + "y" * 43))

    assert find_token("ep_" + "y" * 43) == token


def test_a_token_that_was_not_read_with_its_holder_may_nothing(in_acme, actor):
    create_token("ci", ["admin"], timezone.now() + timedelta(days=1), by=actor(Role.ADMIN))

    token = ApiToken.objects.get()

    assert (token.state, token.roles_now) == ("suspended", ())


def test_finding_a_token_costs_the_same_for_a_person_and_a_program(in_acme, actor, machine, queries):
    until, by = timezone.now() + timedelta(days=1), actor(Role.ADMIN)
    secrets = [create_token("ci", ["reader"], until, by=by)[1]]
    secrets += [create_service_token(machine(Role.READER), "ci", until, by=by)[1]]
    ApiToken.objects.update(last_used_at=timezone.now())

    for secret in secrets:
        with queries(4):
            find_token(secret)
        enter_tenant(in_acme.pk)
