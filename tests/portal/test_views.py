import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_chosen_theme_is_kept_and_rendered_by_the_server(client):
    answer = client.post(reverse("theme"), {"theme": "dark", "next": "/accounts/login/"}, follow=True)

    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert 'data-theme="dark"' in answer.text


def test_without_a_choice_the_system_decides(client):
    assert "data-theme=" not in client.get("/accounts/login/").text


@pytest.mark.parametrize("cookie", ["blue", '"><script>', ""])
def test_a_theme_that_is_none_is_not_rendered(client, cookie):
    client.cookies["theme"] = cookie

    assert "data-theme=" not in client.get("/accounts/login/").text


def test_there_are_two_themes(client):
    assert client.post(reverse("theme"), {"theme": "blue"}).status_code == 400


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_choosing_a_theme_never_leads_elsewhere(client, elsewhere):
    answer = client.post(reverse("theme"), {"theme": "light", "next": elsewhere})

    assert answer.url == "/"


def test_a_page_that_is_not_there_says_so_in_our_words(client):
    answer = client.get("/nothing/here/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.parametrize("odd", ["%0A", "a%0Ab/hosts/", "tenants/%0Aacme/hosts/"])
def test_a_program_is_told_of_an_odd_address_in_its_own_words(client, odd):
    answer = client.get(f"/api/v1/{odd}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


def test_an_expired_form_says_what_to_do(settings):
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})

    assert answer.status_code == 403
    assert "This form has expired" in answer.text


def test_every_page_forbids_what_is_not_ours(client):
    policy = client.get("/accounts/login/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_signing_in_is_not_congratulated(client, acme):
    user = get_user_model().objects.get(email="admin@acme.example")
    user.set_password("a long enough password")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)

    answer = client.post(
        "/accounts/login/", {"login": user.email, "password": "a long enough password"}, follow=True
    )

    assert answer.status_code == 200
    assert "uccessful" not in answer.text
