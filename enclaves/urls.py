"""The pages of a tenant's clouds; each passes the gate, see tenants/gate.py."""

from django.urls import URLPattern, URLResolver, include, path

from enclaves.views import access, accounts, deployments, enclaves, home, hosts, issuer, operations, streams
from enclaves.views.staff import access as staff_access
from enclaves.views.staff import lists, overview, things, zones

_account = [
    path("", accounts.account_detail, name="account-detail"),
    path("verify/", accounts.account_verify, name="account-verify"),
    path("permissions/", accounts.account_permissions, name="account-permissions"),
    path("template/", accounts.account_template, name="account-template"),
    path("client-id/", accounts.account_client_id, name="account-client-id"),
    path("freeze/", accounts.account_freeze, name="account-freeze"),
    path("unfreeze/", accounts.account_unfreeze, name="account-unfreeze"),
    path("remove/", accounts.account_remove, name="account-remove"),
]
_enclave = [
    path("", enclaves.enclave_detail, name="enclave-detail"),
    path("template/", enclaves.enclave_template, name="enclave-template"),
    path("remove/", enclaves.enclave_remove, name="enclave-remove"),
]
_deployment = [
    path("", deployments.deployment_detail, name="deployment-detail"),
    path("edit/", deployments.deployment_edit, name="deployment-edit"),
    path("retire/", deployments.deployment_retire, name="deployment-retire"),
    path("revisions/<int:number>/", deployments.revision_detail, name="revision-detail"),
    path("revisions/<int:number>/apply/", deployments.revision_apply, name="revision-apply"),
]
_access = [
    path("", access.access_detail, name="access-detail"),
    path("decide/", access.access_decide, name="access-decide"),
    path("revoke/", access.access_revoke, name="access-revoke"),
    path("withdraw/", access.access_withdraw, name="access-withdraw"),
    path("finish/", access.access_finish, name="access-finish"),
    path("extend/", access.access_extend, name="access-extend"),
    path("certificates/", access.access_certify, name="access-certify"),
    path("certificates/<uuid:pk>/", access.certificate_download, name="access-certificate"),
]
_tenant: list[URLPattern | URLResolver] = [
    path("", home.tenant_home, name="tenant-home"),
    path("accounts/", accounts.account_list, name="account-list"),
    path("accounts/register/", accounts.account_register, name="account-register"),
    path("accounts/<str:account>/", include(_account)),
    path("enclaves/", enclaves.enclave_list, name="enclave-list"),
    path("enclaves/add/", enclaves.enclave_add, name="enclave-add"),
    path("enclaves/<str:account>/<str:zone>/", include(_enclave)),
    path("deployments/", deployments.deployment_list, name="deployment-list"),
    path("deployments/new/", deployments.deployment_new, name="deployment-new"),
    path("deployments/<uuid:pk>/", include(_deployment)),
    path("hosts/", hosts.host_list, name="host-list"),
    path("hosts/<uuid:pk>/", hosts.host_detail, name="host-detail"),
    path("operations/", operations.operation_list, name="operation-list"),
    path("operations/<uuid:pk>/", operations.operation_detail, name="operation-detail"),
    path("access/", access.access_list, name="access-list"),
    path("access/ask/", access.access_ask, name="access-ask"),
    path("access/rules/", access.access_rules, name="access-rules"),
    path("access/<slug:grant>/", include(_access)),
    path("sessions/<uuid:pk>/", access.session_detail, name="session-detail"),
    path("sessions/<uuid:pk>/recording/", access.session_recording, name="session-recording"),
]

_staff_access = [
    path("", staff_access.access_detail, name="staff-access-detail"),
    path("decide/", staff_access.access_decide, name="staff-access-decide"),
    path("revoke/", staff_access.access_revoke, name="staff-access-revoke"),
    path("withdraw/", staff_access.access_withdraw, name="staff-access-withdraw"),
    path("finish/", staff_access.access_finish, name="staff-access-finish"),
    path("extend/", staff_access.access_extend, name="staff-access-extend"),
    path("certificates/", staff_access.access_certify, name="staff-access-certify"),
    path("certificates/<uuid:pk>/", staff_access.certificate_download, name="staff-access-certificate"),
]
_staff: list[URLPattern | URLResolver] = [
    path("", overview.fleet_overview, name="staff-home"),
    path("tenants/", lists.tenant_list, name="staff-tenant-list"),
    path("tenants/<slug:name>/", things.tenant_detail, name="staff-tenant"),
    path("accounts/", lists.account_list, name="staff-account-list"),
    path("accounts/<uuid:pk>/", things.account_detail, name="staff-account"),
    path("enclaves/", lists.enclave_list, name="staff-enclave-list"),
    path("enclaves/<uuid:pk>/", things.enclave_detail, name="staff-enclave"),
    path("hosts/", lists.host_list, name="staff-host-list"),
    path("hosts/<uuid:pk>/", things.host_detail, name="staff-host"),
    path("hosts/<uuid:pk>/access/", staff_access.access_ask, name="staff-access-ask"),
    path("access/", staff_access.access_list, name="staff-access-list"),
    path("access/<slug:grant>/", include(_staff_access)),
    path("operations/", lists.operation_list, name="staff-operation-list"),
    path("operations/<uuid:pk>/", things.operation_detail, name="staff-operation"),
    path("zones/", zones.zone_list, name="staff-zone-list"),
    path("zones/add/", zones.zone_add, name="staff-zone-add"),
    path("zones/<str:zone>/open/", zones.zone_open, name="staff-zone-open"),
    path("zones/<str:zone>/close/", zones.zone_close, name="staff-zone-close"),
]
_issuer = [
    path("openid-configuration", issuer.read_configuration, name="issuer-configuration"),
    path("jwks.json", issuer.read_keys, name="issuer-keys"),
]

urlpatterns = [
    path(".well-known/", include(_issuer)),
    path("t/<slug:tenant>/", include(_tenant)),
    path("staff/", include(_staff)),
    path("events/<slug:tenant>/", streams.event_stream, name="events"),
]
