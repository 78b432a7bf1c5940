"""Invitations: a letter to an address, whose link makes whoever proves to own the address a member.

Of the secret in the link only a hash is kept; a worker sends the letter. The functions raise what
tenants.services raise.
"""

from datetime import timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.transaction import atomic
from django.urls import reverse
from django.utils import timezone

from tenants import audit, letters, scope
from tenants.actors import Actor, System
from tenants.errors import Refused
from tenants.kinds import Kind
from tenants.models import Invitation, Membership, Tenant, User
from tenants.notifications import notify
from tenants.policy import Permission
from tenants.scope import tenant_scope
from tenants.services.members import is_staff_now, known_roles
from tenants.services.turns import lock_tenant, take_turns
from tenants.tokens import digest_of

LIFE: Final = timedelta(days=7)
LONGEST_ADDRESS: Final = 254
MOST_LETTERS: Final = 5  # of one invitation
MOST_A_DAY: Final = 100  # new ones of one tenant: strangers are not to be pestered through us

SESSION_KEY: Final = "invitation"  # the digest of a link that was opened in this browser
NOT_IN_FORCE: Final = "This link is not in force. It may have been used, or replaced by a newer one."


@atomic
def invite_member(email: str, roles: list[str], *, by: Actor) -> Invitation:
    """Write to an address; whether anybody has signed up with it is neither asked nor told.

    Raises ValidationError for what is no address, and Refused if a member has it or it is invited already.
    """
    by.require(Permission.MEMBER_INVITE)
    chosen, address = known_roles(roles), _address(email)
    tenant = take_turns(by)
    _may_invite(tenant, address)
    invitation = Invitation(
        tenant=tenant,
        email=address,
        roles=chosen,
        expires_at=timezone.now() + LIFE,
        created_by=by.membership.user if by.membership else None,
    )
    invitation.digest = _digest(invitation)
    invitation.save(force_insert=True)
    audit.record("invitation.sent", invitation, by=by, email=address, roles=chosen)
    letters.post_invitation(invitation)
    _tell(Kind.MEMBER_INVITED, invitation, f"{address} is invited", "invitation-list", by)
    return invitation


def _digest(invitation: Invitation) -> str:
    return digest_of(letters.invitation_secret(invitation.pk, invitation.letters))


def _tell(kind: Kind, invitation: Invitation, what: str, page: str, by: Actor) -> None:
    tenant = invitation.tenant
    notify(
        kind,
        tenant=tenant,
        source=f"invitation:{invitation.pk}",
        title=f"{what}, as {' and '.join(invitation.roles)}",
        link=reverse(page, args=[tenant.name]),
        by=by,
    )


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from error
    if len(address) > LONGEST_ADDRESS:
        raise ValidationError({"email": "This address is too long."})
    return address


def _may_invite(tenant: Tenant, address: str) -> None:
    _is_no_member(tenant, address)
    if tenant.invitations.filter(email=address, accepted_at=None, revoked_at=None).exists():
        raise Refused(f"{address} is invited already. Send that invitation again, or revoke it first.")
    today = tenant.invitations.filter(created_at__gt=timezone.now() - timedelta(days=1))
    if today.count() >= MOST_A_DAY:
        raise Refused(f"{MOST_A_DAY} people were invited within a day. Invite the next one tomorrow.")


def _is_no_member(tenant: Tenant, address: str) -> None:
    if tenant.memberships.filter(user__email=address).exists():
        raise Refused(f"{address} is a member already. Change their roles instead.")


@atomic
def resend_invitation(invitation: Invitation, *, by: Actor) -> Invitation:
    """Write once more with a new secret, for another seven days; the link of the old letter is dead."""
    by.require(Permission.MEMBER_INVITE)
    tenant = take_turns(by)
    invitation = _open(invitation)
    _is_no_member(tenant, invitation.email)
    if invitation.letters >= MOST_LETTERS:
        raise Refused(f"It was sent {MOST_LETTERS} times. Ask {invitation.email} in another way.")
    before, invitation.letters = invitation.state, invitation.letters + 1
    invitation.digest = _digest(invitation)
    invitation.expires_at, invitation.sent_at, invitation.late_at = timezone.now() + LIFE, None, None
    invitation.save(update_fields=["digest", "letters", "expires_at", "sent_at", "late_at"])
    audit.record("invitation.sent_again", invitation, by=by, email=invitation.email, before=before)
    letters.post_invitation(invitation)
    return invitation


@atomic
def revoke_invitation(invitation: Invitation, *, by: Actor) -> None:
    """Make the link worthless. An invitation that is revoked already is no error."""
    by.require(Permission.MEMBER_INVITE)
    take_turns(by)
    if Invitation.objects.get(pk=invitation.pk).state == "revoked":
        return
    invitation = _open(invitation)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record("invitation.revoked", invitation, by=by, email=invitation.email)


def _open(invitation: Invitation) -> Invitation:
    found = Invitation.objects.select_related("tenant", "created_by").get(pk=invitation.pk)
    if found.state == "accepted":
        raise Refused(f"{found.email} has accepted. Remove the member instead.")
    if found.state == "revoked":
        raise Refused("This invitation is revoked. Invite anew instead.")
    return found


def find_invitation(digest: str) -> Invitation | None:
    """The invitation of a link, also one that is over; shows the connection nothing else of its tenant."""
    scope.enter_invitation(digest)
    return Invitation.objects.select_related("tenant", "created_by").filter(digest=digest).first()


@atomic
def open_link(secret: str) -> str:
    """What a browser keeps of the secret in a link. That somebody came too late is recorded."""
    digest = digest_of(secret)
    invitation = find_invitation(digest)
    if invitation is not None and invitation.state == "expired":
        with tenant_scope(invitation.tenant_id):
            _note_late(invitation)
    return digest


def _note_late(invitation: Invitation) -> None:
    late = Invitation.objects.filter(pk=invitation.pk, late_at=None)
    if late.update(late_at=timezone.now()):
        link = System("the link of an invitation", invitation.tenant_id)
        audit.record("invitation.expired", invitation, by=link, email=invitation.email)


@atomic
def accept_invitation(digest: str, *, by: User) -> Membership:
    """Become a member by the digest of a link's secret; it works once.

    Raises Refused if the invitation is over, or if this user has not proven to own its address.
    """
    found = find_invitation(digest)
    if found is None:
        raise Refused(NOT_IN_FORCE)
    with tenant_scope(found.tenant_id):
        tenant = lock_tenant(found.tenant_id)
        # Read once more, now that nobody else can accept, revoke or replace it.
        invitation = Invitation.objects.filter(digest=digest).first()
        if invitation is None or invitation.state != "pending":
            raise Refused(NOT_IN_FORCE)
        if not has_proven(by, invitation.email):
            raise Refused(f"This invitation is for {invitation.email}. Confirm that the address is yours.")
        return _join(tenant, invitation, by)


def has_proven(user: User, address: str) -> bool:
    """Say whether a user has shown that mail to this address reaches them."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=address, verified=True).exists())


def _join(tenant: Tenant, invitation: Invitation, user: User) -> Membership:
    if tenant.memberships.filter(user=user).exists():
        raise Refused(f"You are a member of {tenant.name} already.")
    # Told to them alone: who invites must not learn by it whom the vendor employs.
    if is_staff_now(user):
        raise Refused("You are staff, and staff are members of no tenant.")
    membership = Membership.objects.create(tenant=tenant, user=user, roles=invitation.roles)
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    by = Actor.of_member(membership)
    audit.record("invitation.accepted", invitation, by=by, email=invitation.email)
    audit.record("member.added", membership, by=by, member=user.email, roles=membership.roles)
    _tell(Kind.MEMBER_JOINED, invitation, f"{user.email} joined", "member-list", by)
    return membership
