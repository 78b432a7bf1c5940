import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.models import SignOn, SignOnIdentity, Tenant
from tenants.policy import Role
from tenants.scope import enter_sign_on, tenant_scope
from tenants.sealing import Unreadable, unseal
from tenants.signon import settings as services
from tenants.signon.arriving import find_sign_on
from tenants.signon.settings import configure, purpose_of, sign_on_of, state_of
from tests.signing_in import give_totp

GIVEN = {
    "issuer": "https://login.example.com",
    "client_id": "portal",
    "client_secret": "hush",
    "trusts_email": False,
    "trusts_factor": False,
}


@pytest.fixture
def admin(actor):
    return actor(Role.ADMIN)


@pytest.fixture
def sign_on(in_acme, admin) -> SignOn:
    return configure(**GIVEN, by=admin)


@pytest.fixture
def tried(sign_on, admin) -> SignOn:
    services.put_in_force(sign_on, sign_on.tenant, by=admin)
    return sign_on


def last(tenant: Tenant) -> tuple[str, dict]:
    event = audit.find(tenant).latest("sequence")
    return event.action, event.detail


def test_settings_are_kept_and_in_force_for_nobody_until_they_were_tried(sign_on, in_acme):
    found = sign_on_of(in_acme)

    assert (found.issuer, found.client_id, found.name) == ("https://login.example.com", "portal", "acme")
    assert state_of(found.tenant, found) == "untried"
    facts = {"issuer": found.issuer, "client_id": "portal", "trusts_email": False, "trusts_factor": False}
    assert last(in_acme) == ("sign_on.configured", {**facts, "new_secret": True})


def test_the_secret_is_nowhere_in_the_clear_and_good_for_this_tenant_alone(sign_on, in_acme, globex):
    sealed = SignOn.objects.get().sealed_secret

    assert "hush" not in "".join([sealed, *audit.export(audit.find(in_acme), in_acme)])
    assert unseal(purpose_of(in_acme), sealed) == "hush"
    with pytest.raises(Unreadable):
        unseal(purpose_of(globex), sealed)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"issuer": "http://login.example.com"}, {"issuer"}),
        ({"issuer": ""}, {"issuer"}),
        ({"issuer": "https://login.example.com/?x=1"}, {"issuer"}),
        ({"issuer": "https://u:p@login.example.com"}, {"issuer"}),
        ({"issuer": "https://login.example.com:22"}, {"issuer"}),
        ({"issuer": "https://" + "x" * 300}, {"issuer"}),
        ({"client_id": " "}, {"client_id"}),
        ({"client_id": "a\nb"}, {"client_id"}),
        ({"client_id": "x" * 201}, {"client_id"}),
        ({"client_secret": "x" * 501}, {"client_secret"}),
        ({"client_secret": "a\0b"}, {"client_secret"}),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_by_field(in_acme, admin, changes, fields):
    with pytest.raises(ValidationError) as refusal:
        configure(**{**GIVEN, **changes}, by=admin)

    assert refusal.value.message_dict.keys() == fields
    assert not SignOn.objects.exists()


def test_nobody_keeps_the_secret_by_giving_none(sign_on, admin, in_acme):
    before = SignOn.objects.get().sealed_secret

    configure(**{**GIVEN, "client_secret": None, "trusts_email": True}, by=admin)

    assert SignOn.objects.get().sealed_secret == before


def test_a_new_secret_stays_in_force_and_wants_to_be_tried_again(tried, admin, in_acme):
    configure(**{**GIVEN, "client_secret": "newer"}, by=admin)

    found = sign_on_of(in_acme)
    assert (state_of(found.tenant, found), found.tested_at) == ("in_force", None)


@pytest.mark.parametrize("change", [{"issuer": "https://other.example.com"}, {"client_id": "other"}])
def test_another_provider_is_out_of_force_until_it_was_tried(tried, admin, in_acme, change):
    configure(**{**GIVEN, **change}, by=admin)

    found = sign_on_of(in_acme)
    assert state_of(found.tenant, found) == "untried"


def test_another_provider_is_refused_while_everybody_has_to_come_by_this_one(tried, admin, in_acme):
    give_totp(admin.membership.user)
    services.require_sign_on(by=admin)

    with pytest.raises(Refused, match="Lift that first"):
        configure(**{**GIVEN, "issuer": "https://other.example.com"}, by=admin)

    assert sign_on_of(in_acme).issuer == "https://login.example.com"


def test_who_tried_it_and_has_a_second_factor_may_require_it(tried, admin, in_acme):
    give_totp(admin.membership.user)

    services.require_sign_on(by=admin)

    assert state_of(sign_on_of(in_acme).tenant, tried) == "required"
    assert last(in_acme)[0] == "sign_on.required"


def test_without_a_way_in_of_their_own_nobody_requires_it(tried, admin, in_acme):
    with pytest.raises(Refused, match="Set up a second factor first"):
        services.require_sign_on(by=admin)

    assert not sign_on_of(in_acme).tenant.requires_sign_on


def test_what_was_not_tried_is_not_required(sign_on, admin):
    give_totp(admin.membership.user)

    with pytest.raises(Refused, match="Try the sign-on yourself first"):
        services.require_sign_on(by=admin)


def test_another_admins_try_is_not_ones_own(tried, in_acme, new_user):
    other = new_user("other@acme.example")
    give_totp(other)
    member = in_acme.memberships.create(user=other, roles=["admin"])

    with pytest.raises(Refused, match="Try the sign-on yourself first"):
        services.require_sign_on(by=Actor.of_member(member))


def test_a_program_cannot_require_it(tried, in_acme, token_of):
    token, _ = token_of(Role.ADMIN)

    with pytest.raises(Forbidden, match="a person has to do this"):
        services.require_sign_on(by=Actor.of_token(token))


def test_it_is_lifted_again(tried, admin, in_acme):
    give_totp(admin.membership.user)
    services.require_sign_on(by=admin)

    services.lift_requirement(by=admin)

    assert state_of(sign_on_of(in_acme).tenant, tried) == "in_force"
    assert last(in_acme)[0] == "sign_on.not_required"


def test_removing_it_leaves_nothing_of_it(tried, admin, in_acme):
    SignOnIdentity.objects.create(
        tenant=in_acme, membership=admin.membership, issuer=tried.issuer, subject="sub-1"
    )

    services.remove_sign_on(by=admin)

    tenant = Tenant.objects.get(pk=in_acme.pk)
    assert (sign_on_of(in_acme), SignOnIdentity.objects.count()) == (None, 0)
    assert (tenant.sign_on_since, tenant.requires_sign_on, tenant.trusts_sign_on_factor) == (
        None,
        False,
        False,
    )
    assert last(in_acme) == ("sign_on.removed", {"issuer": "https://login.example.com"})


@pytest.mark.parametrize("deed", [services.require_sign_on, services.end_sessions])
def test_there_must_be_one(in_acme, admin, deed):
    with pytest.raises(Refused):
        deed(by=admin)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_admins_decide_about_it(tried, in_acme, actor, role):
    by, events = actor(role), audit.find(in_acme).count()

    for deed in (
        lambda: configure(**GIVEN, by=by),
        lambda: services.require_sign_on(by=by),
        lambda: services.lift_requirement(by=by),
        lambda: services.end_sessions(by=by),
        lambda: services.remove_sign_on(by=by),
    ):
        with pytest.raises(Forbidden):
            deed()

    assert audit.find(in_acme).count() == events


def test_asking_for_a_sign_on_shows_it_and_nothing_else(sign_on, globex, actor):
    with tenant_scope(globex.pk):
        configure(**{**GIVEN, "issuer": "https://other.example.com"}, by=actor(Role.ADMIN, globex))

    with transaction.atomic():
        found = find_sign_on("acme")

        # Also as seen by the database.
        assert (list(SignOn.objects.all()), list(Tenant.objects.all())) == ([found], [found.tenant])
        assert (audit.AuditEvent.objects.count(), SignOnIdentity.objects.count()) == (0, 0)


@pytest.mark.parametrize("name", ["", "acm", "ACME", "globex", "acme\n", "acme'--", "%", "x" * 40])
def test_a_guess_finds_nothing(sign_on, globex, name):
    with transaction.atomic():
        assert find_sign_on(name) is None


def test_a_tenant_without_one_is_not_shown(acme):
    with transaction.atomic():
        enter_sign_on("acme")

        assert not Tenant.objects.exists()


@pytest.mark.parametrize("name", ["globex", "nobody"])
def test_the_database_refuses_a_sign_on_under_another_tenants_name(in_acme, globex, name):
    with pytest.raises(IntegrityError, match="sign_on_by_its_own_name"), transaction.atomic():
        SignOn.objects.create(tenant=in_acme, name=name, issuer="https://evil.example", client_id="x")


def test_the_database_refuses_to_require_what_is_not_in_force(in_acme):
    with pytest.raises(IntegrityError, match="tenant_requires_what_it_has"), transaction.atomic():
        Tenant.objects.filter(pk=in_acme.pk).update(requires_sign_on=True)
