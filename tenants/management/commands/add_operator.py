"""Make somebody an operator from the shell: the first one, or one more when nobody can get in."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse

from tenants.actors import Shell
from tenants.errors import Refused
from tenants.models import StaffMember, User
from tenants.policy import StaffRole
from tenants.services.staff import add_staff, change_staff_roles

NEXT = """\
{email} is an operator.
Next, in a browser, as {email}:
  1. Set a password (the link works once, and only for a few days): {password}
  2. Set up a second factor; without one the staff area stays closed.
  3. Go to {staff} and add the others under People.
"""


class Command(BaseCommand):
    help = "Makes the user if there is none. Refuses members of tenants: staff are members of none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="how people call them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                member = _operator(options["email"], options["name"])
        except (Refused, ValidationError) as error:
            raise CommandError("\n".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(
            NEXT.format(
                email=member.user.email,
                password=settings.BASE_URL + _password_path(member.user),
                staff=settings.BASE_URL + reverse("staff-home"),
            )
        )


def _operator(email: str, name: str) -> StaffMember:
    known = StaffMember.objects.select_related("user").filter(user__email=email.strip().lower())
    member = known.filter(is_active=True).first()
    if member is not None:
        return change_staff_roles(member, {*member.roles, StaffRole.OPERATOR}, by=Shell())
    added = add_staff(email, [StaffRole.OPERATOR], name=name, by=Shell())
    # Whoever has the shell vouches for the address; a portal without mail would let nobody in else.
    EmailAddress.objects.filter(user=added.user, email=added.user.email).update(verified=True)
    return added


def _password_path(user: User) -> str:
    proof = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return reverse("account_reset_password_from_key", kwargs=proof)
