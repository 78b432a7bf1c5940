from django.urls import path

from tenants.api import (
    checkpoints,
    invitations,
    notifications,
    security,
    service_accounts,
    signon,
    staff,
    tokens,
    views,
)

urlpatterns = [
    path("staff/people/", staff.StaffPeopleView.as_view(), name="api-staff-people"),
    path("staff/people/<uuid:id>/", staff.StaffPersonView.as_view(), name="api-staff-person"),
    path("staff/events/", staff.StaffEventListView.as_view(), name="api-staff-events"),
    path("tenants/", views.TenantListView.as_view(), name="api-tenants"),
    path("tenants/<slug:tenant>/", views.TenantView.as_view(), name="api-tenant"),
    path("tenants/<slug:tenant>/freeze/", views.FreezeView.as_view(), name="api-tenant-freeze"),
    path("tenants/<slug:tenant>/unfreeze/", views.UnfreezeView.as_view(), name="api-tenant-unfreeze"),
    path("tenants/<slug:tenant>/security/", security.SecurityView.as_view(), name="api-security"),
    path("tenants/<slug:tenant>/members/", views.MemberListView.as_view(), name="api-members"),
    path("tenants/<slug:tenant>/members/<uuid:id>/", views.MemberView.as_view(), name="api-member"),
    path("tenants/<slug:tenant>/leave/", views.LeaveView.as_view(), name="api-leave"),
    path(
        "tenants/<slug:tenant>/invitations/",
        invitations.InvitationListView.as_view(),
        name="api-invitations",
    ),
    path(
        "tenants/<slug:tenant>/invitations/<uuid:id>/",
        invitations.InvitationView.as_view(),
        name="api-invitation",
    ),
    path(
        "tenants/<slug:tenant>/invitations/<uuid:id>/resend/",
        invitations.ResendView.as_view(),
        name="api-invitation-resend",
    ),
    path("tenants/<slug:tenant>/sign-on/", signon.SignOnView.as_view(), name="api-sign-on"),
    path(
        "tenants/<slug:tenant>/sign-on/require/",
        signon.SignOnRequireView.as_view(),
        name="api-sign-on-require",
    ),
    path("tenants/<slug:tenant>/sign-on/lift/", signon.SignOnLiftView.as_view(), name="api-sign-on-lift"),
    path(
        "tenants/<slug:tenant>/sign-on/end-sessions/",
        signon.SignOnEndView.as_view(),
        name="api-sign-on-end",
    ),
    path(
        "tenants/<slug:tenant>/sign-on/identities/",
        signon.SignOnIdentityListView.as_view(),
        name="api-sign-on-identities",
    ),
    path(
        "tenants/<slug:tenant>/sign-on/identities/<uuid:id>/",
        signon.SignOnIdentityView.as_view(),
        name="api-sign-on-identity",
    ),
    path("tenants/<slug:tenant>/tokens/", tokens.TokenListView.as_view(), name="api-tokens"),
    path("tenants/<slug:tenant>/tokens/<uuid:id>/", tokens.TokenView.as_view(), name="api-token"),
    path(
        "tenants/<slug:tenant>/tokens/<uuid:id>/rotate/",
        tokens.RotateView.as_view(),
        name="api-token-rotate",
    ),
    path(
        "tenants/<slug:tenant>/service-accounts/",
        service_accounts.ServiceAccountListView.as_view(),
        name="api-service-accounts",
    ),
    path(
        "tenants/<slug:tenant>/service-accounts/<slug:name>/",
        service_accounts.ServiceAccountView.as_view(),
        name="api-service-account",
    ),
    path(
        "tenants/<slug:tenant>/service-accounts/<slug:name>/disable/",
        service_accounts.DisableView.as_view(),
        name="api-service-account-disable",
    ),
    path(
        "tenants/<slug:tenant>/service-accounts/<slug:name>/enable/",
        service_accounts.EnableView.as_view(),
        name="api-service-account-enable",
    ),
    path(
        "tenants/<slug:tenant>/notifications/",
        notifications.NotificationListView.as_view(),
        name="api-notifications",
    ),
    path(
        "tenants/<slug:tenant>/notifications/seen/",
        notifications.SeenView.as_view(),
        name="api-notifications-seen",
    ),
    path(
        "tenants/<slug:tenant>/notifications/mail/",
        notifications.MailView.as_view(),
        name="api-notifications-mail",
    ),
    path(
        "tenants/<slug:tenant>/notifications/<uuid:id>/",
        notifications.NotificationView.as_view(),
        name="api-notification",
    ),
    path("tenants/<slug:tenant>/audit-events/", views.AuditEventListView.as_view(), name="api-audit-events"),
    path("tenants/<slug:tenant>/audit-events/chain/", views.AuditChainView.as_view(), name="api-audit-chain"),
    path(
        "tenants/<slug:tenant>/audit-events/checkpoints/",
        checkpoints.CheckpointListView.as_view(),
        name="api-checkpoints",
    ),
]
