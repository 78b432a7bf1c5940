"""What an admin may ask about single sign-on: one function for each intent.

They raise what tenants.services raise.
"""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db.transaction import atomic
from django.urls import reverse
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.assurance import has_second_factor
from tenants.errors import Forbidden, Refused
from tenants.kinds import Kind
from tenants.models import SignOn, SignOnIdentity, Tenant, User
from tenants.notifications import notify
from tenants.policy import Permission
from tenants.sealing import seal
from tenants.services.turns import take_turns
from tenants.signon.fetching import FetchFailed, check_url

LONGEST: Final = {"issuer": 300, "client_id": 200, "client_secret": 500}
STATES: Final = ("untried", "in_force", "required")
NONE: Final = "There is no single sign-on here. Set it up first."


def purpose_of(tenant: Tenant) -> str:
    """For what a client secret is sealed: it can be read for this tenant only."""
    return f"sign-on {tenant.pk}"


def sign_on_of(tenant: Tenant) -> SignOn | None:
    """What a tenant has set up, whether it is in force or not."""
    return SignOn.objects.filter(tenant=tenant).select_related("tenant", "tested_by").first()


def state_of(tenant: Tenant, sign_on: SignOn | None) -> str:
    """How far the sign-on of a tenant is: absent, untried, in_force or required."""
    if sign_on is None:
        return "absent"
    if tenant.sign_on_since is None:
        return "untried"
    return "required" if tenant.requires_sign_on else "in_force"


@atomic
def configure(
    *,
    by: Actor,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    trusts_email: bool,
    trusts_factor: bool,
) -> SignOn:
    """Say which identity provider the people of the tenant come from. None keeps the client secret.

    Another provider, or another client there, is out of force until an admin has tried it. Raises
    ValidationError for what cannot be an address, and Refused for another one while it is required.
    """
    by.require(Permission.SIGN_ON_MANAGE)
    wanted = {"issuer": issuer.strip(), "client_id": client_id.strip()}
    _check({**wanted, "client_secret": client_secret or ""})
    tenant = take_turns(by)
    sign_on = sign_on_of(tenant) or SignOn(tenant=tenant, name=tenant.name)
    if (sign_on.issuer, sign_on.client_id) != (wanted["issuer"], wanted["client_id"]):
        _begin_anew(tenant, sign_on)
    sign_on.issuer, sign_on.client_id = wanted["issuer"], wanted["client_id"]
    if new_secret := client_secret is not None and bool(client_secret or sign_on.sealed_secret):
        sign_on.sealed_secret = seal(purpose_of(tenant), client_secret) if client_secret else ""
        sign_on.tested_at = sign_on.tested_by = None
    sign_on.trusts_email, sign_on.configured_at = trusts_email, timezone.now()
    sign_on.problem, sign_on.problem_at = "", None
    sign_on.save()
    tenant.trusts_sign_on_factor = trusts_factor
    tenant.save(update_fields=["trusts_sign_on_factor", "sign_on_since"])
    audit.record(
        "sign_on.configured",
        sign_on,
        by=by,
        issuer=sign_on.issuer,
        client_id=sign_on.client_id,
        trusts_email=trusts_email,
        trusts_factor=trusts_factor,
        new_secret=new_secret,
    )
    _tell(sign_on, f"The settings of single sign-on with {_host(sign_on)} were changed", by)
    return sign_on


def _tell(sign_on: SignOn, what: str, by: Actor) -> None:
    notify(
        Kind.SIGN_ON_CHANGED,
        tenant=sign_on.tenant,
        source="sign_on",
        title=what,
        link=reverse("sign-on-settings", args=[sign_on.name]),
        by=by,
    )


def _host(sign_on: SignOn) -> str:
    return urlsplit(sign_on.issuer).hostname or ""


def _check(given: dict[str, str]) -> None:
    errors: dict[str, str] = {}
    for name, text in given.items():
        if len(text) > LONGEST[name] or not text.isprintable():
            errors[name] = f"This has more than {LONGEST[name]} characters, or some that cannot be printed."
    if not given["client_id"]:
        errors["client_id"] = "The provider gives one to each application that you register there."
    try:
        if check_url(given["issuer"]).query:
            errors["issuer"] = "The address of an issuer has no question mark."
    except FetchFailed as error:
        errors["issuer"] = str(error)
    if errors:
        raise ValidationError(errors)


def _begin_anew(tenant: Tenant, sign_on: SignOn) -> None:
    if tenant.requires_sign_on:
        raise Refused("Members must come this way now. Lift that first, then change the provider.")
    tenant.sign_on_since = None
    sign_on.tested_at = sign_on.tested_by = None


@atomic
def require_sign_on(*, by: Actor) -> None:
    """Let members come by the sign-on only; admins with a second factor keep their own way in.

    Raises Refused unless the admin who asks has tried the settings as they are.
    """
    by.require(Permission.SIGN_ON_MANAGE)
    user = _person(by)
    tenant = take_turns(by)
    sign_on = _existing(tenant)
    if sign_on.tested_at is None or sign_on.tested_by != user:
        raise Refused("Try the sign-on yourself first; then you know that people can come in by it.")
    if not has_second_factor(user):
        raise Refused("Set up a second factor first: it is your way in when the provider is down.")
    if not tenant.requires_sign_on:
        _set_required(tenant, True)
        audit.record("sign_on.required", sign_on, by=by)
        _tell(sign_on, "Members must come by single sign-on", by)


@atomic
def lift_requirement(*, by: Actor) -> None:
    """Let members sign in by themselves again."""
    by.require(Permission.SIGN_ON_MANAGE)
    tenant = take_turns(by)
    if tenant.requires_sign_on:
        _set_required(tenant, False)
        sign_on = _existing(tenant)
        audit.record("sign_on.not_required", sign_on, by=by)
        _tell(sign_on, "Members may sign in by themselves again", by)


def _set_required(tenant: Tenant, required: bool) -> None:
    tenant.requires_sign_on = required
    tenant.save(update_fields=["requires_sign_on"])


@atomic
def end_sessions(*, by: Actor) -> None:
    """End all sessions that came by the sign-on; their people come in again the same way."""
    by.require(Permission.SIGN_ON_MANAGE)
    tenant = take_turns(by)
    if tenant.sign_on_since is None:
        raise Refused("The sign-on is not in force, so no session is there to end.")
    _set_since(tenant, timezone.now())
    audit.record("sign_on.sessions_ended", _existing(tenant), by=by)


@atomic
def remove_sign_on(*, by: Actor) -> None:
    """Give single sign-on up, and end the sessions that came by it. That there is none is no error."""
    by.require(Permission.SIGN_ON_MANAGE)
    tenant = take_turns(by)
    sign_on = sign_on_of(tenant)
    if sign_on is None:
        return
    tenant.requires_sign_on = tenant.trusts_sign_on_factor = False
    tenant.sign_on_since = None
    tenant.save(update_fields=["requires_sign_on", "trusts_sign_on_factor", "sign_on_since"])
    SignOnIdentity.objects.filter(tenant=tenant).delete()
    audit.record("sign_on.removed", sign_on, by=by, issuer=sign_on.issuer)
    _tell(sign_on, f"Single sign-on with {_host(sign_on)} was removed", by)
    sign_on.delete()


@atomic
def untie(identity: SignOnIdentity, *, by: Actor) -> None:
    """Forget who a member is at the provider: whoever next comes with their address is tied to them."""
    by.require(Permission.SIGN_ON_MANAGE)
    take_turns(by)
    found = SignOnIdentity.objects.filter(pk=identity.pk).select_related("membership__user").first()
    if found is None:
        return
    member = found.membership
    audit.record("member.sign_on_untied", member, by=by, member=member.user.email, issuer=found.issuer)
    found.delete()


def put_in_force(sign_on: SignOn, tenant: Tenant, *, by: Actor) -> None:
    """Note that an admin came through it. Part of the transaction in which they did."""
    sign_on.tested_at, sign_on.tested_by = timezone.now(), _person(by)
    sign_on.problem, sign_on.problem_at = "", None
    sign_on.save(update_fields=["tested_at", "tested_by", "problem", "problem_at"])
    begins = tenant.sign_on_since is None
    if begins:
        _set_since(tenant, sign_on.tested_at)
    audit.record("sign_on.tested", sign_on, by=by, issuer=sign_on.issuer)
    if begins:
        _tell(sign_on, f"Single sign-on with {_host(sign_on)} is in force", by)


def _set_since(tenant: Tenant, at: datetime) -> None:
    tenant.sign_on_since = at
    tenant.save(update_fields=["sign_on_since"])


def _existing(tenant: Tenant) -> SignOn:
    sign_on = sign_on_of(tenant)
    if sign_on is None:
        raise Refused(NONE)
    return sign_on


def _person(by: Actor) -> User:
    if by.membership is None:
        raise Forbidden("A token cannot sign on; a person has to do this.")
    return by.membership.user
