import pytest
from django.test import RequestFactory

from portal.context import shell
from tenants.policy import Role

pytestmark = pytest.mark.django_db


def test_outside_of_a_tenant_the_shell_knows_the_theme_only():
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = "dark"

    assert shell(request) == {"theme": "dark"}


def test_inside_a_tenant_the_shell_asks_the_database_nothing(actor, django_assert_num_queries):
    request = RequestFactory().get("/t/acme/")
    request.actor = actor(Role.READER)

    with django_assert_num_queries(0):
        known = shell(request)
        assert known["navigation"][""][0].title == "Home"

    assert known["stream"] == "/events/acme/"
    assert known["may_freeze"] is False
