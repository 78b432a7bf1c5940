import pytest

pytestmark = pytest.mark.django_db


def test_a_living_process_says_so_without_asking_anybody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_means_that_the_servers_answer(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "database": "ok", "valkey": "ok"},
    )


def test_without_valkey_the_portal_serves_on(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["valkey"]) == (200, "does not answer")


def test_without_the_database_it_is_not_ready(client, monkeypatch):
    from django.db import DatabaseError, connection

    def gone():
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", gone)

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "does not answer")
