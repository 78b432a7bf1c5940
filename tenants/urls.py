"""The pages of tenants; each passes the gate, but for those where no tenant is known yet."""

from django.urls import include, path

from tenants.views import (
    audit,
    checkpoints,
    invitations,
    invited,
    members,
    notifications,
    security,
    signing_on,
    signon,
    staff,
    tenants,
    tokens,
)

_tenant = [
    path("freeze/", tenants.tenant_freeze, name="tenant-freeze"),
    path("unfreeze/", tenants.tenant_unfreeze, name="tenant-unfreeze"),
    path("security/", security.security_show, name="tenant-security"),
    path("security/require/", security.security_require, name="tenant-security-require"),
    path("security/lift/", security.security_lift, name="tenant-security-lift"),
    path("audit/", audit.audit_list, name="audit-list"),
    path("audit/verify/", audit.audit_verify, name="audit-verify"),
    path("audit/verifier/", checkpoints.verifier_download, name="verifier-download"),
    path("audit/checkpoints/", checkpoints.checkpoint_list, name="checkpoint-list"),
    path("audit/checkpoints/sign/", checkpoints.checkpoint_sign, name="checkpoint-sign"),
    path("audit/checkpoints/<int:sequence>/", checkpoints.checkpoint_download, name="checkpoint-download"),
    path("notifications/", notifications.notification_list, name="notification-list"),
    path("notifications/bell/", notifications.notification_bell, name="notification-bell"),
    path("notifications/seen/", notifications.notification_seen, name="notification-seen"),
    path("notifications/mail/", notifications.mail_preferences, name="mail-preferences"),
    path("members/", members.member_list, name="member-list"),
    path("members/<uuid:pk>/roles/", members.member_roles, name="member-roles"),
    path("members/<uuid:pk>/remove/", members.member_remove, name="member-remove"),
    path("leave/", members.tenant_leave, name="tenant-leave"),
    path("invitations/", invitations.invitation_list, name="invitation-list"),
    path("invitations/send/", invitations.invitation_send, name="invitation-send"),
    path("invitations/<uuid:pk>/resend/", invitations.invitation_resend, name="invitation-resend"),
    path("invitations/<uuid:pk>/revoke/", invitations.invitation_revoke, name="invitation-revoke"),
    path("sign-on/", signon.sign_on_settings, name="sign-on-settings"),
    path("sign-on/configure/", signon.sign_on_configure, name="sign-on-configure"),
    path("sign-on/try/", signon.sign_on_try, name="sign-on-try"),
    path("sign-on/require/", signon.sign_on_require, name="sign-on-require"),
    path("sign-on/lift/", signon.sign_on_lift, name="sign-on-lift"),
    path("sign-on/end-sessions/", signon.sign_on_end, name="sign-on-end"),
    path("sign-on/remove/", signon.sign_on_remove, name="sign-on-remove"),
    path("sign-on/identities/<uuid:pk>/untie/", signon.sign_on_untie, name="sign-on-untie"),
    path("tokens/", tokens.token_list, name="token-list"),
    path("tokens/create/", tokens.token_create, name="token-create"),
    path("tokens/<uuid:pk>/revoke/", tokens.token_revoke, name="token-revoke"),
]

_staff = [
    path("people/", staff.staff_people, name="staff-people"),
    path("people/add/", staff.staff_add, name="staff-add"),
    path("people/<uuid:pk>/roles/", staff.staff_roles, name="staff-roles"),
    path("people/<uuid:pk>/remove/", staff.staff_remove, name="staff-remove"),
    path("log/", staff.log_list, name="staff-log"),
]

urlpatterns = [
    path("", tenants.tenant_choose, name="tenant-choose"),
    path("tenants/create/", tenants.tenant_create, name="tenant-create"),
    path("invitation/", invited.invitation_show, name="invitation"),
    path("invitation/accept/", invited.invitation_accept, name="invitation-accept"),
    path("invitation/switch/", invited.invitation_switch, name="invitation-switch"),
    path("invitation/<slug:secret>/", invited.invitation_open, name="invitation-open"),
    path("sign-on/", signing_on.sign_on_find, name="sign-on-find"),
    path("sign-on/<slug:name>/", signing_on.sign_on_show, name="sign-on"),
    path("sign-on/<slug:name>/start/", signing_on.sign_on_start, name="sign-on-start"),
    path("sign-on/<slug:name>/callback/", signing_on.sign_on_return, name="sign-on-return"),
    path(".well-known/enclave-audit-keys.json", checkpoints.read_keys, name="audit-keys"),
    path("t/<slug:tenant>/", include(_tenant)),
    path("staff/", include(_staff)),
]
