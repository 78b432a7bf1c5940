"""What people fill in. The services check; these only shape the fields."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from tenants.kinds import Kind
from tenants.models import TENANT_NAME, User
from tenants.policy import Role, covers
from tenants.services.notices import Choice

SAID = {
    Role.ADMIN: "admin: cloud accounts, enclaves, members, freeze, and all below",
    Role.DEVELOPER: "developer: applications, deployments, tokens, and all below",
    Role.READER: "reader: sees everything, changes nothing",
}
LIVES = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "365 days")]
OVERLAPS = [(0, "at once"), (1, "in 1 hour"), (24, "in 24 hours"), (72, "in 3 days"), (168, "in 7 days")]


class SignUpForm(forms.Form):
    """What sign-up asks beside e-mail and password; allauth saves the user and then calls `signup`."""

    name = forms.CharField(
        label="Your name", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    field_order = ("name", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])


class ProfileForm(forms.Form):
    name = forms.CharField(
        label="Your name", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class CreateTenantForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=31,
        help_text="Stands in addresses: 2 to 31 small letters, digits and dashes; begins with a letter.",
    )
    title = forms.CharField(
        label="What people call it", max_length=120, required=False, help_text="Like “Acme Limited”."
    )


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(label="Roles", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, given_by: Sequence[Role] = tuple(Role), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            (role.value, SAID[role]) for role in Role if covers(given_by, [role])
        ]


class InviteForm(RolesForm):
    email = forms.EmailField(
        label="E-mail address", help_text="They accept by signing in, or signing up, with this very address."
    )

    field_order = ("email", "roles")


class ServiceAccountForm(RolesForm):
    title = forms.CharField(
        label="What it is for", max_length=120, required=False, help_text="Like “Pipelines of the web team”."
    )

    field_order = ("name", "title", "roles")


class CreateServiceAccountForm(ServiceAccountForm):
    name = forms.CharField(
        label="Name", max_length=40, help_text="Small letters, digits and dashes; it does not change later."
    )


class CreateServiceTokenForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="What uses it, like “ci-inventory”.")
    lives = forms.TypedChoiceField(label="Ends after", choices=LIVES, coerce=int, initial=90)

    def expires_at(self) -> datetime:
        return timezone.now() + timedelta(days=self.cleaned_data["lives"])


class CreateTokenForm(RolesForm, CreateServiceTokenForm):
    field_order = ("name", "roles", "lives")


class RotateTokenForm(forms.Form):
    overlap = forms.TypedChoiceField(label="The old one ends", choices=OVERLAPS, coerce=int, initial=24)


class FindSignOnForm(forms.Form):
    tenant = forms.RegexField(
        TENANT_NAME,
        label="Tenant",
        max_length=31,
        strip=True,
        error_messages={"invalid": "A tenant's name has 2 to 31 small letters, digits and dashes."},
        help_text="Its name as it stands in addresses; your admin knows it.",
    )


class SignOnForm(forms.Form):
    issuer = forms.CharField(
        label="Issuer",
        max_length=300,
        help_text="The provider's address, as its own configuration spells it, like https://login.example.com.",
    )
    client_id = forms.CharField(label="Client ID", max_length=200)
    client_secret = forms.CharField(
        label="Client secret",
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    is_public = forms.BooleanField(label="This client has no secret", required=False)
    trusts_email = forms.BooleanField(
        label="Take addresses that the provider does not call verified",
        required=False,
        help_text="Microsoft Entra ID calls none so. Only where nobody there chooses their own address.",
    )
    trusts_factor = forms.BooleanField(
        label="Take the provider's sign-in for a second factor",
        required=False,
        help_text="Only where the provider asks everybody for one. Then we do not ask for another.",
    )

    def __init__(self, *args: Any, keeps: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keeps = keeps
        if keeps:
            self.fields["client_secret"].help_text = "Leave it empty to keep the one that is there."

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("client_secret") and given.get("is_public"):
            self.add_error("client_secret", "Give a secret, or say that there is none.")
        elif not given.get("client_secret") and not given.get("is_public") and not self.keeps:
            self.add_error("client_secret", "Give the secret, or say that there is none.")
        return given

    def wanted(self) -> dict[str, Any]:
        """What `configure` takes: no secret at all is an empty one, and None keeps what is there."""
        given = dict(self.cleaned_data)
        secret, is_public = given.pop("client_secret"), given.pop("is_public")
        return {**given, "client_secret": "" if is_public else secret or None}


class AuditFilterForm(forms.Form):
    actor = forms.CharField(label="Who", required=False, max_length=200)
    action = forms.CharField(label="What", required=False, max_length=60)
    subject = forms.CharField(label="To what", required=False, max_length=200)
    first = forms.DateField(
        label="From day", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label="To day", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def wanted(self) -> dict[str, Any]:
        """The filters for tenants.audit.find; a field that makes no sense filters nothing."""
        self.full_clean()
        given = self.cleaned_data
        first, last = given.get("first"), given.get("last")
        return {
            **{name: given.get(name, "") for name in ("actor", "action", "subject")},
            "since": datetime.combine(first, time.min, UTC) if first else None,
            "until": datetime.combine(last, time.min, UTC) + timedelta(days=1) if last else None,
        }


class SeenForm(forms.Form):
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class MailForm(forms.Form):
    """What a member is written to about: one field for each group of kinds."""

    def __init__(self, *args: Any, choices: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group, kinds in groupby(choices, lambda choice: choice.rule.group):
            offered = list(kinds)
            self.fields[slugify(group)] = forms.MultipleChoiceField(
                label=group,
                choices=[(choice.kind.value, choice.rule.title) for choice in offered],
                initial=[choice.kind.value for choice in offered if choice.mail],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def wanted(self) -> list[Kind]:
        return [Kind(kind) for kinds in self.cleaned_data.values() for kind in kinds]


class ConfirmForm(forms.Form):
    """A question whose answer is the button alone."""


class ConfirmNameForm(forms.Form):
    """A question that wants the name of the thing typed, for what cannot be taken back."""

    word = forms.CharField(max_length=200)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.fields["word"].label = f"Type {name} to confirm"

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip()
        if word != self.name:
            raise forms.ValidationError(f"This is not {self.name}.")
        return word
