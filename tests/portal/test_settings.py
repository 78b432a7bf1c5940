"""Settings that a browser is told of, as they are behind https and on a laptop."""

import runpy
from pathlib import Path

import pytest
from django.conf import settings

FILE = Path(settings.BASE_DIR) / "portal" / "settings.py"


@pytest.fixture
def chosen(monkeypatch):
    """Read the settings with other variables: ``chosen(PORTAL_BASE_URL="https://…")``."""

    def read(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(FILE))

    return read


def test_behind_https_cookies_belong_to_the_host_alone_and_never_leave_it_in_the_clear(chosen):
    found = chosen(PORTAL_BASE_URL="https://portal.example.com")

    for kind in ("SESSION", "CSRF"):
        assert found[f"{kind}_COOKIE_NAME"].startswith("__Host-")
        assert (found[f"{kind}_COOKIE_SECURE"], found[f"{kind}_COOKIE_HTTPONLY"]) == (True, True)
        assert found.get(f"{kind}_COOKIE_DOMAIN") is None
        assert found.get(f"{kind}_COOKIE_PATH", "/") == "/"
    assert (found["SESSION_COOKIE_SAMESITE"], found["SECURE_SSL_REDIRECT"]) == ("Lax", True)


def test_behind_https_browsers_are_told_to_stay_there_for_as_long_as_is_set(chosen):
    https = "https://portal.example.com"

    assert chosen(PORTAL_BASE_URL=https)["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    assert chosen(PORTAL_BASE_URL=https, PORTAL_HSTS_SECONDS="300")["SECURE_HSTS_SECONDS"] == 300
    assert chosen(PORTAL_BASE_URL=https)["SECURE_HSTS_INCLUDE_SUBDOMAINS"]


def test_on_a_laptop_nothing_is_promised_that_would_shut_it_out(chosen):
    found = chosen(PORTAL_BASE_URL="http://127.0.0.1:8000")

    assert (found["SECURE_HSTS_SECONDS"], found["SESSION_COOKIE_SECURE"]) == (0, False)
    assert not found["SESSION_COOKIE_NAME"].startswith("__Host-")


def test_no_environment_turns_on_the_pages_that_tell_of_our_inside(chosen):
    assert [chosen(PORTAL_ENVIRONMENT=name)["DEBUG"] for name in ("test", "demo", "production")] == [
        False
    ] * 3
