"""The pages of tenants; each passes the gate, but for the two where no tenant is known yet."""

from django.urls import include, path

from tenants.views import audit, members, tenants, tokens

_tenant = [
    path("freeze/", tenants.tenant_freeze, name="tenant-freeze"),
    path("unfreeze/", tenants.tenant_unfreeze, name="tenant-unfreeze"),
    path("audit/", audit.audit_list, name="audit-list"),
    path("audit/verify/", audit.audit_verify, name="audit-verify"),
    path("members/", members.member_list, name="member-list"),
    path("members/add/", members.member_add, name="member-add"),
    path("members/<uuid:pk>/roles/", members.member_roles, name="member-roles"),
    path("members/<uuid:pk>/remove/", members.member_remove, name="member-remove"),
    path("tokens/", tokens.token_list, name="token-list"),
    path("tokens/create/", tokens.token_create, name="token-create"),
    path("tokens/<uuid:pk>/revoke/", tokens.token_revoke, name="token-revoke"),
]

urlpatterns = [
    path("", tenants.tenant_choose, name="tenant-choose"),
    path("tenants/create/", tenants.tenant_create, name="tenant-create"),
    path("t/<slug:tenant>/", include(_tenant)),
]
