"""What staff fill in. The services check; these only shape the fields."""

from typing import Final

from django import forms

from tenants.policy import StaffRole

SAID: Final = {
    StaffRole.SUPPORT: "support: sees the fleet, looks into tenants, asks for access to hosts",
    StaffRole.APPROVER: "approver: sees the fleet, looks into tenants, decides what staff decide",
    StaffRole.OPERATOR: "operator: sees the fleet, looks into tenants, keeps zones and staff",
}


class StaffRolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label="Roles",
        widget=forms.CheckboxSelectMultiple,
        choices=[(role.value, SAID[role]) for role in SAID],
    )


class AddStaffForm(StaffRolesForm):
    email = forms.EmailField(
        label="E-mail address", help_text="Of the vendor. Nobody is staff and a member of a tenant."
    )
    name = forms.CharField(
        label="Name", max_length=80, required=False, help_text="As tenants read it in their audit."
    )

    field_order = ("email", "name", "roles")


class StaffLogFilterForm(forms.Form):
    actor = forms.CharField(label="Who", required=False, max_length=200)
    action = forms.CharField(label="What", required=False, max_length=60)
    subject = forms.CharField(label="About whom or what", required=False, max_length=200)

    def wanted(self) -> dict[str, str]:
        """The filters for tenants.staff_log.find; a field that makes no sense filters nothing."""
        self.full_clean()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}
