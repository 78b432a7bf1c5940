"""What people fill in. The services check; these only shape the fields."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

from enclaves.blueprints import BLUEPRINTS, blueprint
from enclaves.models import Cloud, CloudAccount, Deployment, Enclave, Host, Operation, Zone
from enclaves.models.access import LONGEST, said_length


class Choice(NamedTuple):
    """One of the clouds to choose from."""

    cloud: str
    title: str
    needs_directory: bool
    chosen: bool


class RegisterAccountForm(forms.Form):
    """Which account, in which cloud. A cloud that is written before the id outranks the one chosen."""

    # A browser would insist on a field that it does not show.
    use_required_attribute = False

    cloud = forms.ChoiceField(required=False, label="Cloud", widget=forms.RadioSelect)
    account = forms.CharField(label="Account id", max_length=60)
    azure_tenant_id = forms.CharField(
        label="Entra tenant",
        max_length=60,
        help_text="The directory that the subscription trusts: a UUID, from the overview of Entra ID.",
        error_messages={"required": "Name the Entra tenant that the subscription trusts: a UUID."},
    )
    title = forms.CharField(
        label="What you call it", max_length=80, required=False, help_text="For people, like “production”."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clouds = {cloud: blueprint(cloud).words for cloud in BLUEPRINTS}
        self.fields["cloud"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            (cloud, f"{words.title} {words.account}") for cloud, words in clouds.items()
        ]
        self.fields["account"].help_text = " ".join(
            f"{words.title}: {words.number_hint}." for words in clouds.values()
        )
        self._written = str(self.data.get("account", "")).strip().partition(":")
        if self.is_bound:
            self.fields["azure_tenant_id"].required = blueprint(self.chosen).words.needs_directory

    @property
    def chosen(self) -> str:
        """The cloud of the account, as far as it is known; the first one before anything is."""
        cloud = self._written[0] if self._written[1] else self.data.get("cloud", "")
        return cloud if cloud in BLUEPRINTS else next(iter(BLUEPRINTS))

    @property
    def clouds(self) -> list[Choice]:
        return [
            Choice(cloud, title, blueprint(cloud).words.needs_directory, cloud == self.chosen)
            for cloud, title in self.fields["cloud"].choices  # type: ignore[attr-defined]  # a ChoiceField
        ]

    @property
    def wanted(self) -> dict[str, str]:
        """What to register, as the service takes it; what the chosen cloud does not ask for is left out."""
        known = {name: value for name, value in self.cleaned_data.items() if name != "cloud"}
        if not self._written[1]:
            known["account"] = f"{self.chosen}:{known['account']}"
        if not blueprint(self.chosen).words.needs_directory:
            known["azure_tenant_id"] = ""
        return known


class ClientIdForm(forms.Form):
    """What the account template of a subscription put out."""

    azure_client_id = forms.CharField(max_length=60, help_text="A UUID. It is no secret.")

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["azure_client_id"].label = label


class AddZoneForm(forms.Form):
    account = forms.ChoiceField(label="Cloud account")
    zone = forms.ChoiceField(label="Zone")

    def __init__(self, *args: Any, accounts: list[CloudAccount], zones: list[Zone], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            (str(account), f"{account} {account.title}".strip()) for account in accounts
        ]
        self.fields["zone"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            (zone.name, f"{zone.name} ({zone.region})") for zone in zones
        ]


class HostFilterForm(forms.Form):
    """The filter of the host table; whatever is chosen stays chosen, nothing is refused."""

    q = forms.CharField(required=False, max_length=100)
    enclave = forms.ChoiceField(label="Zone", required=False)
    deployment = forms.ChoiceField(label="Deployment", required=False)

    def __init__(
        self, *args: Any, enclaves: list[Enclave], deployments: list[Deployment], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enclave"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            ("", "Every zone"),
            *((str(one.pk), str(one.zone_id)) for one in enclaves),
        ]
        self.fields["deployment"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            ("", "Every deployment"),
            *((str(one.pk), f"{one.application.name}, {one.enclave.zone_id}") for one in deployments),
        ]


class FleetFilterForm(forms.Form):
    """The filter of a list across tenants; what makes no sense filters nothing."""

    q = forms.CharField(required=False, max_length=100)
    tenant = forms.CharField(label="Tenant", required=False, max_length=31)
    zone = forms.ChoiceField(label="Zone", required=False)
    cloud = forms.ChoiceField(label="Cloud", required=False, choices=[("", "Every cloud"), *Cloud.choices])
    kind = forms.ChoiceField(
        label="Kind", required=False, choices=[("", "Every kind"), *Operation.Kind.choices]
    )
    state = forms.ChoiceField(label="State", required=False)
    group = forms.ChoiceField(
        label="Group", required=False, choices=[("", "All"), ("look", "Needs a look"), ("moving", "Moving")]
    )

    def __init__(
        self,
        *args: Any,
        filters: Sequence[str],
        states: Sequence[tuple[str, str]],
        zones: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            ("", "Every zone"),
            *((zone, zone) for zone in zones),
        ]
        for name in set(self.fields) - {"q", *filters}:
            del self.fields[name]
        self.fields["state"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            ("", "Every state"),
            *states,
        ]

    @property
    def narrowing(self) -> list[forms.BoundField]:
        """The fields beside the search."""
        return [bound for bound in self if bound.name != "q"]

    def wanted(self) -> dict[str, str]:
        self.full_clean()
        return {name: str(self.cleaned_data.get(name, "")).strip() for name in self.fields}


class NewZoneForm(forms.Form):
    name = forms.CharField(
        max_length=60, help_text="Environment, cloud and place, like prod.aws-us-east-1c. It never changes."
    )
    environment = forms.CharField(max_length=20, help_text="Like prod, test or dev.")
    cloud = forms.ChoiceField(choices=Cloud.choices)
    region = forms.CharField(max_length=30, help_text="As the cloud calls it, like us-east-1.")
    availability_zone_ids = SimpleArrayField(
        forms.CharField(max_length=30),
        label="Availability zones",
        help_text="Their ids, which are the same in every account, like use1-az6; commas between several.",
    )


class ApplyPlanForm(forms.Form):
    plan_hash = forms.CharField(max_length=80, widget=forms.HiddenInput)


class AskAccessForm(forms.Form):
    """Onto which hosts, why and for how long. The service checks."""

    hosts = forms.MultipleChoiceField(label="Hosts", widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever decides reads this, and it stays in the audit.",
    )
    ticket = forms.CharField(label="Ticket", max_length=80, required=False)
    minutes = forms.TypedChoiceField(label="For", coerce=int, initial=60, widget=forms.RadioSelect)

    def __init__(self, *args: Any, hosts: Sequence[Host], ceiling: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hosts"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, see above
            (str(host.pk), f"{host.name}, {host.enclave.zone_id}") for host in hosts
        ]
        _offer(self.fields["minutes"], ceiling)

    def wanted(self, hosts: Sequence[Host]) -> dict[str, Any]:
        """What to ask for, as the service takes it."""
        chosen = set(self.cleaned_data["hosts"])
        others = {name: value for name, value in self.cleaned_data.items() if name != "hosts"}
        return {**others, "hosts": [host for host in hosts if str(host.pk) in chosen]}


class ExtendAccessForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    minutes = forms.TypedChoiceField(label="For", coerce=int, initial=60, widget=forms.RadioSelect)

    def __init__(self, *args: Any, ceiling: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["minutes"], ceiling)


class DecideAccessForm(forms.Form):
    """Yes for so long, or no; with a word for whoever asked."""

    minutes = forms.TypedChoiceField(label="You give", coerce=int, required=False, widget=forms.RadioSelect)
    note = forms.CharField(label="Note", max_length=500, required=False, help_text="They will see it.")
    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("deny", "Deny")])

    def __init__(self, *args: Any, asked: int, ceiling: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = min(asked, ceiling)
        self.fields["minutes"].choices = lengths(most)  # type: ignore[attr-defined]  # see above
        self.fields["minutes"].initial = most
        self.fields["minutes"].empty_value = most  # type: ignore[attr-defined]  # a TypedChoiceField


class AccessRulesForm(forms.Form):
    longest_minutes = forms.TypedChoiceField(label="Longest grant", coerce=int)
    delegates = forms.BooleanField(
        label="Let approvers of the vendor decide for us on what the vendor's people ask", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["longest_minutes"].choices = lengths(LONGEST)  # type: ignore[attr-defined]  # see above


class CertificateForm(forms.Form):
    public_key = forms.CharField(
        label="Your public key",
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text="The line of a .pub file, like ~/.ssh/id_ed25519.pub. The private key stays with you.",
    )


def _offer(minutes: Any, ceiling: int) -> None:
    """Have a field offer the lengths that a tenant allows; the usual one is chosen, or the longest."""
    minutes.choices = lengths(ceiling)
    minutes.initial = min(minutes.initial, ceiling)


def lengths(most: int) -> list[tuple[int, str]]:
    """The lengths to choose from, in minutes, up to one that is among them."""
    usual = [minutes for minutes in (15, 30, 60, 120, 240, 480, 720, LONGEST) if minutes < most]
    return [(minutes, said_length(minutes)) for minutes in [*usual, most]]
