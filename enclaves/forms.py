"""What people fill in. The services check; these only shape the fields."""

from typing import Any

from django import forms

from enclaves.models import CloudAccount, Deployment, Enclave, Zone


class RegisterAccountForm(forms.Form):
    account = forms.CharField(
        label="Account",
        max_length=60,
        help_text="The cloud, a colon, and the account id: 12 digits, from the top right of the AWS console.",
    )
    title = forms.CharField(
        label="What you call it", max_length=80, required=False, help_text="For people, like “production”."
    )


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


class ApplyPlanForm(forms.Form):
    plan_hash = forms.CharField(max_length=80, widget=forms.HiddenInput)
