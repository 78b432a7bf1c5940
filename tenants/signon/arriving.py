"""Who may come in by a tenant's identity provider, and as whom.

A member is found by their address once, and from then on by what the provider calls them. For whoever is
no member, the provider's word is not enough: they need an invitation too, and to have opened its letter, so
that no provider can take the address of somebody whom it does not know.
"""

import re
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit, scope
from tenants.actors import Actor
from tenants.errors import Refused
from tenants.invitations import accept_invitation, find_invitation
from tenants.models import TENANT_NAME, Invitation, Membership, SignOn, SignOnIdentity, Tenant, User
from tenants.policy import Permission
from tenants.scope import tenant_scope
from tenants.sealing import Unreadable, unseal
from tenants.services.turns import lock_tenant, take_turns
from tenants.signon.protocol import Attempt, Claims, Client, SignOnFailed
from tenants.signon.settings import purpose_of, put_in_force, sign_on_of

CHANGED = "The sign-on was changed meanwhile. Begin anew."


class OutOfForce(SignOnFailed):
    """There is no sign-on of this tenant, or no admin has tried it yet."""

    def __init__(self) -> None:
        super().__init__("This tenant has no single sign-on in force.")


def find_sign_on(name: str) -> SignOn | None:
    """The sign-on of a tenant by its name, in force or not; shows the connection nothing else of it."""
    if not re.fullmatch(TENANT_NAME, name):
        return None
    scope.enter_sign_on(name)
    return SignOn.objects.select_related("tenant").filter(name=name).first()


def client_of(sign_on: SignOn, redirect_uri: str) -> Client:
    """How the portal presents itself to the provider of a tenant. Raises SignOnFailed."""
    try:
        sealed = sign_on.sealed_secret
        secret = unseal(purpose_of(sign_on.tenant), sealed) if sealed else ""
    except Unreadable as error:
        raise SignOnFailed("The portal cannot read the client secret any more. Enter it anew.") from error
    return Client(sign_on.issuer, sign_on.client_id, secret, redirect_uri)


@atomic
def arrive(claims: Claims, attempt: Attempt, *, invitation: str) -> Membership:
    """The member whom the provider vouches for.

    ``invitation`` is the digest of a link that was opened in this browser. Raises SignOnFailed.
    """
    sign_on = _in_force(attempt)
    with tenant_scope(sign_on.tenant_id):
        tenant = lock_tenant(sign_on.tenant_id)
        identity = _known(tenant, claims)
        if identity is not None:
            SignOnIdentity.objects.filter(pk=identity.pk).update(used_at=timezone.now())
            return identity.membership
        email = _vouched(claims, sign_on)
        membership = _member(tenant, email)
        if membership is not None:
            return _tie(membership, claims)
    digest = _opened(tenant, email, invitation)
    membership = _accept(digest, email, claims.name)
    with tenant_scope(tenant.pk):
        return _tie(membership, claims)


def _in_force(attempt: Attempt) -> SignOn:
    sign_on = find_sign_on(attempt.tenant)
    if sign_on is None or sign_on.tenant.sign_on_since is None:
        raise OutOfForce
    return _unchanged(sign_on, attempt)


def _unchanged(sign_on: SignOn, attempt: Attempt) -> SignOn:
    if (sign_on.issuer, sign_on.client_id) != (attempt.issuer, attempt.client_id):
        raise SignOnFailed(CHANGED)
    return sign_on


def _known(tenant: Tenant, claims: Claims) -> SignOnIdentity | None:
    mine = SignOnIdentity.objects.filter(tenant=tenant, issuer=claims.issuer, subject=claims.subject)
    return mine.select_related("membership__user", "membership__tenant").first()


def _vouched(claims: Claims, sign_on: SignOn) -> str:
    """The address in the claims, if it may stand for a person."""
    if not claims.email:
        raise SignOnFailed("The provider did not tell your e-mail address. It must stand in the ID token.")
    if claims.email_verified is None and sign_on.trusts_email:
        return claims.email
    if not claims.email_verified:
        raise SignOnFailed(f"The provider does not say that it has verified {claims.email[:254]}.")
    return claims.email


def _member(tenant: Tenant, email: str) -> Membership | None:
    members = Membership.objects.filter(tenant=tenant, user__email=email)
    return members.select_related("user", "tenant").first()


def _tie(membership: Membership, claims: Claims) -> Membership:
    if membership.identities.filter(issuer=claims.issuer).exists():
        email = membership.user.email
        raise SignOnFailed(f"{email} is somebody else at the provider. An admin there can untie them.")
    SignOnIdentity.objects.create(
        tenant_id=membership.tenant_id, membership=membership, issuer=claims.issuer, subject=claims.subject
    )
    by = Actor.of_member(membership)
    audit.record("member.signed_on", membership, by=by, member=membership.user.email, issuer=claims.issuer)
    return membership


def _opened(tenant: Tenant, email: str, digest: str) -> str:
    """The digest of the tenant's invitation to this address, if its letter was opened in this browser."""
    found = find_invitation(digest) if digest else None
    if found and found.tenant_id == tenant.pk and found.email == email and found.state == "pending":
        return digest
    with tenant_scope(tenant.pk):
        waiting = Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None)
        if waiting.filter(expires_at__gt=timezone.now()).exists():
            raise SignOnFailed(f"{email} is invited. Open the link in the letter first, then sign on.")
    raise SignOnFailed(f"{email[:254]} is no member. Ask an admin of {tenant.name} to invite you.")


def _accept(digest: str, email: str, name: str) -> Membership:
    user = User.objects.filter(email=email).first() or _new_user(email, name)
    try:
        return accept_invitation(digest, by=user)
    except Refused as error:
        raise SignOnFailed(str(error)) from error


def _new_user(email: str, name: str) -> User:
    # The link was sent to this address and to no other, so whoever opened it has proven to own it.
    user = User.objects.create_user(email, name=name)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


@atomic
def pass_test(claims: Claims, attempt: Attempt, *, by: Actor) -> None:
    """Put the sign-on in force: the admin who tries it came back as themselves. Raises SignOnFailed."""
    by.require(Permission.SIGN_ON_MANAGE)
    tenant = take_turns(by)
    sign_on, membership = sign_on_of(tenant), by.membership
    if sign_on is None or membership is None:
        raise OutOfForce
    _unchanged(sign_on, attempt)
    identity = _known(tenant, claims)
    if identity is None:
        email = _vouched(claims, sign_on)
        if email != membership.user.email:
            raise SignOnFailed(f"You came back as {email[:254]}, and not as {membership.user.email}.")
        _tie(membership, claims)
    elif identity.membership_id != membership.pk:
        raise SignOnFailed(f"You came back as {identity.membership.user.email}, which is another member.")
    put_in_force(sign_on, tenant, by=by)


@atomic
def note_problem(tenant_id: UUID, problem: str) -> None:
    """Let the admins see why somebody could not come in."""
    with tenant_scope(tenant_id):
        mine = SignOn.objects.filter(tenant_id=tenant_id)
        mine.update(problem=problem[:300], problem_at=timezone.now())
