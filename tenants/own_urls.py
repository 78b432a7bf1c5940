"""The pages of one's own account: ours, and before allauth's where ours do a little more."""

from django.contrib.auth.decorators import login_required
from django.urls import path
from django.views.generic import RedirectView

from tenants.views import factors, own

# They are listed with the other factors.
_TO_FACTORS = login_required(RedirectView.as_view(pattern_name="mfa_index"))

urlpatterns = [
    path("profile/", own.own_profile, name="own-profile"),
    path("sessions/", own.session_list, name="usersessions_list"),
    path("sessions/end/", own.session_end_all, name="session-end-all"),
    path("sessions/end-others/", own.session_end_others, name="session-end-others"),
    path("sessions/<int:pk>/end/", own.session_end, name="session-end"),
    path("2fa/", factors.FactorsView.as_view(), name="mfa_index"),
    path("2fa/totp/activate/", login_required(factors.ActivateView.as_view()), name="mfa_activate_totp"),
    path("2fa/recovery-codes/", factors.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "2fa/webauthn/",
        login_required(RedirectView.as_view(pattern_name="mfa_index")),
        name="mfa_list_webauthn",
    ),
    path("2fa/webauthn/add/", login_required(factors.AddPasskeyView.as_view()), name="mfa_add_webauthn"),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        login_required(factors.RemovePasskeyView.as_view()),
        name="mfa_remove_webauthn",
    ),
]
