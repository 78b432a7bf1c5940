"""The addresses of the API of a tenant's clouds, below /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from enclaves.api import (
    access,
    accounts,
    applications,
    deployments,
    document,
    enclaves,
    hosts,
    operations,
    templates,
    zones,
)
from enclaves.api.staff import access as staff_access
from enclaves.api.staff import views as staff


class AccountConverter(StringConverter):
    regex = r"[a-z]+:[0-9a-z-]+"


class ZoneConverter(StringConverter):
    regex = r"[a-z0-9.-]+"


register_converter(AccountConverter, "account")
register_converter(ZoneConverter, "zone")

_account = [
    path("", accounts.CloudAccountView.as_view(), name="api-cloud-account"),
    path("verify/", accounts.AccountVerifyView.as_view(), name="api-cloud-account-verify"),
    path("checks/", accounts.AccountCheckListView.as_view(), name="api-cloud-account-checks"),
    path("client-id/", accounts.AccountClientIdView.as_view(), name="api-cloud-account-client-id"),
    path("freeze/", accounts.AccountFreezeView.as_view(), name="api-cloud-account-freeze"),
    path("unfreeze/", accounts.AccountUnfreezeView.as_view(), name="api-cloud-account-unfreeze"),
    path("templates/account/", templates.AccountTemplateView.as_view(), name="api-account-template"),
    path("templates/zone/", templates.ZoneTemplateView.as_view(), name="api-zone-template"),
]
_deployment = [
    path("", deployments.DeploymentView.as_view(), name="api-deployment"),
    path("apply/", deployments.DeploymentApplyView.as_view(), name="api-deployment-apply"),
    path("retire/", deployments.DeploymentRetireView.as_view(), name="api-deployment-retire"),
    path("revisions/", deployments.RevisionListView.as_view(), name="api-revisions"),
    path("revisions/<int:number>/", deployments.RevisionView.as_view(), name="api-revision"),
]
_operation = [
    path("", operations.OperationView.as_view(), name="api-operation"),
    path("events/", operations.OperationEventListView.as_view(), name="api-operation-events"),
]
_access = [
    path("", access.AccessRequestView.as_view(), name="api-access-request"),
    path("approve/", access.AccessApproveView.as_view(), name="api-access-approve"),
    path("deny/", access.AccessDenyView.as_view(), name="api-access-deny"),
    path("withdraw/", access.AccessWithdrawView.as_view(), name="api-access-withdraw"),
    path("revoke/", access.AccessRevokeView.as_view(), name="api-access-revoke"),
    path("finish/", access.AccessFinishView.as_view(), name="api-access-finish"),
    path("extend/", access.AccessExtendView.as_view(), name="api-access-extend"),
    path("certificate/", access.AccessCertificateView.as_view(), name="api-access-certificate"),
    path("recordings/", access.AccessSessionListView.as_view(), name="api-access-sessions"),
    path("recordings/<uuid:id>/", access.AccessRecordingView.as_view(), name="api-access-recording"),
]
_tenant: list[URLPattern | URLResolver] = [
    path("cloud-accounts/", accounts.CloudAccountListView.as_view(), name="api-cloud-accounts"),
    path("cloud-accounts/<account:account>/", include(_account)),
    path("enclaves/", enclaves.EnclaveListView.as_view(), name="api-enclaves"),
    path("enclaves/<account:account>/<zone:zone>/", enclaves.EnclaveView.as_view(), name="api-enclave"),
    path("applications/", applications.ApplicationListView.as_view(), name="api-applications"),
    path("applications/<slug:application>/", applications.ApplicationView.as_view(), name="api-application"),
    path("deployments/", deployments.DeploymentListView.as_view(), name="api-deployments"),
    path("deployments/<uuid:id>/", include(_deployment)),
    path("hosts/", hosts.HostListView.as_view(), name="api-hosts"),
    path("hosts/<uuid:id>/", hosts.HostView.as_view(), name="api-host"),
    path("operations/", operations.OperationListView.as_view(), name="api-operations"),
    path("operations/<uuid:id>/", include(_operation)),
    path("access-requests/", access.AccessRequestListView.as_view(), name="api-access-requests"),
    path("access-requests/<slug:name>/", include(_access)),
    path("access-rules/", access.AccessRulesView.as_view(), name="api-access-rules"),
]

_staff_access = [
    path("", staff_access.FleetAccessView.as_view(), name="api-staff-access-request"),
    path("approve/", staff_access.FleetApproveView.as_view(), name="api-staff-access-approve"),
    path("deny/", staff_access.FleetDenyView.as_view(), name="api-staff-access-deny"),
    path("withdraw/", staff_access.FleetWithdrawView.as_view(), name="api-staff-access-withdraw"),
    path("revoke/", staff_access.FleetRevokeView.as_view(), name="api-staff-access-revoke"),
    path("finish/", staff_access.FleetFinishView.as_view(), name="api-staff-access-finish"),
    path("extend/", staff_access.FleetExtendView.as_view(), name="api-staff-access-extend"),
    path("certificate/", staff_access.FleetCertificateView.as_view(), name="api-staff-access-certificate"),
    path("recordings/", staff_access.FleetSessionListView.as_view(), name="api-staff-access-sessions"),
]
_staff: list[URLPattern | URLResolver] = [
    path("fleet/", staff.FleetView.as_view(), name="api-staff-fleet"),
    path("tenants/", staff.FleetTenantListView.as_view(), name="api-staff-tenants"),
    path("tenants/<slug:name>/", staff.FleetTenantView.as_view(), name="api-staff-tenant"),
    path("cloud-accounts/", staff.FleetAccountListView.as_view(), name="api-staff-accounts"),
    path("cloud-accounts/<uuid:id>/", staff.FleetAccountView.as_view(), name="api-staff-account"),
    path("enclaves/", staff.FleetEnclaveListView.as_view(), name="api-staff-enclaves"),
    path("enclaves/<uuid:id>/", staff.FleetEnclaveView.as_view(), name="api-staff-enclave"),
    path("hosts/", staff.FleetHostListView.as_view(), name="api-staff-hosts"),
    path("hosts/<uuid:id>/", staff.FleetHostView.as_view(), name="api-staff-host"),
    path("operations/", staff.FleetOperationListView.as_view(), name="api-staff-operations"),
    path("operations/<uuid:id>/", staff.FleetOperationView.as_view(), name="api-staff-operation"),
    path("access-requests/", staff_access.FleetAccessListView.as_view(), name="api-staff-access-requests"),
    path("access-requests/<slug:name>/", include(_staff_access)),
    path("zones/", staff.StaffZoneListView.as_view(), name="api-staff-zones"),
    path("zones/<zone:zone>/", staff.StaffZoneView.as_view(), name="api-staff-zone"),
]

urlpatterns = [
    path("staff/", include(_staff)),
    path("zones/", zones.ZoneListView.as_view(), name="api-zones"),
    path("zones/<zone:zone>/", zones.ZoneView.as_view(), name="api-zone"),
    path(
        "schemas/deployment-spec.json",
        document.DeploymentSpecSchemaView.as_view(),
        name="api-deployment-spec-schema",
    ),
    path("tenants/<slug:tenant>/", include(_tenant)),
]
