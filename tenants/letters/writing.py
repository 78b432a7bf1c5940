"""What a letter says, made from the rows at the moment when it is sent: nothing of it is kept."""

from base64 import urlsafe_b64encode
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac

from tenants.kinds import RULES, Kind
from tenants.models import Invitation, Letter, Membership, Notification, StaffMember, User
from tenants.policy import allows
from tenants.tokens import digest_of

_PURPOSE: Final = "tenants.invitation"


class Pointless(Exception):
    """There is nobody any more to whom this letter would say anything. The message says why."""


def invitation_secret(invitation_id: UUID, number: int) -> str:
    """The secret in the link of an invitation's letter.

    Made from the portal's own key and kept nowhere, so that a letter can be sent once more, by whoever
    sends it, and no row gives the link away.
    """
    mac = salted_hmac(_PURPOSE, f"{invitation_id}:{number}", algorithm="sha256")
    return urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def write(letter: Letter) -> EmailMessage:
    """Make the mail of a letter, or raise Pointless."""
    if letter.invitation is not None:
        return _invitation(letter, letter.invitation)
    if letter.notification is None or letter.user is None:
        raise Pointless("It is about nothing.")
    return _notification(letter, letter.notification, letter.user)


def _notification(letter: Letter, notification: Notification, user: User) -> EmailMessage:
    roles = _roles_of(letter, notification, user)
    tenant = letter.tenant.name
    facts = {
        "notification": notification,
        "is_end": letter.is_end,
        "tenant": tenant,
        "roles": " and ".join(roles),
        "link": _link(notification, tenant, is_member=bool(roles), user=user),
        "choose": settings.BASE_URL + reverse("mail-preferences", args=[tenant]) if roles else "",
    }
    over = "over: " if letter.is_end else ""
    text = render_to_string("tenants/notifications/letter.txt", facts)
    return _mail(letter, f"[{tenant}] {over}{notification.title}", text, user.email)


def _link(notification: Notification, tenant: str, *, is_member: bool, user: User) -> str:
    """Where the reader may look. Staff are members of no tenant: their area has a page of the same thing."""
    if not notification.link:
        return ""
    if is_member or not StaffMember.objects.filter(user=user, is_active=True).exists():
        return f"{settings.BASE_URL}{notification.link}"
    return f"{settings.BASE_URL}/staff/{notification.link.removeprefix(f'/t/{tenant}/')}"


def _roles_of(letter: Letter, notification: Notification, user: User) -> list[str]:
    """The roles of the reader; none if they were removed and this is what tells them so."""
    if not user.is_active:
        raise Pointless("Its reader was shut out.")
    named = user.pk in notification.people
    roles = Membership.objects.filter(tenant=letter.tenant, user=user).values_list("roles", flat=True).first()
    if not named and not allows(roles or [], RULES[Kind(notification.kind)].seen_by):
        raise Pointless("Its reader may not see this any more.")
    return roles or []


def _invitation(letter: Letter, invitation: Invitation) -> EmailMessage:
    secret = invitation_secret(invitation.pk, letter.round)
    if invitation.state != "pending" or invitation.letters != letter.round:
        raise Pointless("The invitation was over, or sent anew.")
    if digest_of(secret) != invitation.digest:
        raise Pointless("The portal's key has changed since. Send it again.")
    # Only names that cannot carry a text of somebody's own: anybody may make a tenant, and have us write.
    tenant = letter.tenant.name
    facts = {
        "tenant": tenant,
        "host": invitation.created_by.email if invitation.created_by else f"An admin of {tenant}",
        "roles": " and ".join(invitation.roles),
        "email": invitation.email,
        "link": settings.BASE_URL + reverse("invitation-open", args=[secret]),
        "expires_at": invitation.expires_at,
    }
    text = render_to_string("tenants/invitations/letter.txt", facts)
    return _mail(letter, f"You are invited to {tenant}", text, invitation.email)


def _mail(letter: Letter, subject: str, text: str, address: str) -> EmailMessage:
    return EmailMessage(subject, text, to=[address], headers=_headers(letter))


def _headers(letter: Letter) -> dict[str, Any]:
    host = urlsplit(settings.BASE_URL).hostname
    about = letter.notification_id or letter.invitation_id
    return {
        "Message-ID": f"<letter-{letter.pk}@{host}>",
        "References": f"<about-{about}@{host}>",  # mail programs show what is about one thing together
        "Auto-Submitted": "auto-generated",
    }
