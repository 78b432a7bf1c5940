import asyncio
import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import AsyncClient
from django.utils import timezone

from enclaves.models import Event
from enclaves.provisioning import live
from enclaves.views import streams
from tenants.models import User
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.members import remove_member
from tenants.services.revocation import revoke_token
from tenants.services.service_accounts import create_service_account, disable_service_account
from tenants.services.tokens import create_service_token, create_token

pytestmark = pytest.mark.django_db(transaction=True)


def nudge(tenant, topic):
    with tenant_scope(tenant.pk):
        live.nudge(tenant.pk, topic)
        return Event.objects.latest("pk").pk


@pytest.fixture
def program(actor):
    """The secret of a token of acme: ``program(Role.READER)``."""

    def make(role: Role) -> str:
        by = actor(Role.ADMIN)
        with tenant_scope(by.tenant_id):
            return create_token("ci", [role], timezone.now() + timedelta(days=1), by=by)[1]

    return make


async def read(response, wanted):
    """Read a stream until so many messages came."""
    messages = []
    async with asyncio.timeout(10):
        async for chunk in response:
            messages += [
                json.loads(line[6:]) for line in chunk.decode().splitlines() if line.startswith("data: ")
            ]
            if len(messages) >= wanted:
                return messages
    return messages


def run(work):
    """Run a coroutine, and close what its threads opened of the database."""

    async def closing():
        try:
            return await work
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(closing())


async def stream(user, tenant, **headers):
    client = AsyncClient()
    await client.aforce_login(user)
    return await client.get(f"/events/{tenant}/", headers=headers)


def test_a_stream_replays_what_was_missed(acme, globex, actor):
    reader = actor(Role.READER)
    first = nudge(acme, "account:1")
    nudge(globex, "account:2")
    nudge(acme, "account:3")

    async def listen():
        response = await stream(reader.membership.user, "acme", **{"Last-Event-ID": str(first)})
        return await read(response, 1)

    assert [message["topic"] for message in run(listen())] == ["account:3"]


def test_a_stream_tells_what_happens_now_and_only_to_the_tenant(acme, globex, actor):
    reader = actor(Role.READER)

    async def listen():
        response = await stream(reader.membership.user, "acme")
        reading = asyncio.create_task(read(response, 1))
        await asyncio.sleep(1)
        await sync_to_async(nudge)(globex, "account:theirs")
        await sync_to_async(nudge)(acme, "account:ours")
        return await reading

    assert [message["topic"] for message in run(listen())] == ["account:ours"]


@pytest.mark.parametrize("given", ["", "x", "-1", "9" * 30, "١"])
def test_a_strange_last_event_id_replays_nothing(given):
    from django.test import RequestFactory

    from enclaves.views.streams import _last_seen

    assert _last_seen(RequestFactory().get("/", headers={"Last-Event-ID": given})) is None


def test_a_stranger_gets_no_stream(acme, globex, actor):
    stranger = actor(Role.ADMIN, globex)

    assert run(stream(stranger.membership.user, "acme")).status_code == 404


def test_who_was_signed_out_elsewhere_hears_nothing_any_more(acme, actor, monkeypatch):
    monkeypatch.setattr(streams, "PROVE_SECONDS", 0)
    reader = actor(Role.READER)

    def sign_out():
        Session.objects.all().delete()
        nudge(acme, "account:1")

    async def listen():
        response = await stream(reader.membership.user, "acme")
        reading = asyncio.create_task(read(response, 1))
        await asyncio.sleep(1)
        await sync_to_async(sign_out)()
        return await reading

    assert run(listen()) == []


def test_nobody_is_sent_to_sign_in(client, acme):
    assert client.get("/events/acme/").status_code == 302


def test_a_program_listens_with_its_token_to_its_own_tenant_only(acme, globex, program):
    first = nudge(acme, "account:1")
    mine = {"Authorization": f"Bearer {program(Role.READER)}", "Last-Event-ID": str(first - 1)}

    async def listen():
        own = await AsyncClient().get("/events/acme/", headers=mine)
        foreign = await AsyncClient().get("/events/globex/", headers=mine)
        bad = await AsyncClient().get("/events/acme/", headers={"Authorization": "Bearer ep_guessed"})
        return await read(own, 1), foreign.status_code, bad.status_code

    messages, foreign, bad = run(listen())
    assert ([one["topic"] for one in messages], foreign, bad) == (["account:1"], 404, 401)


def shut_out(way, by, member, token):
    with tenant_scope(by.tenant_id):
        if way == "removed":
            remove_member(member, by=by)
        elif way == "revoked":
            revoke_token(token, by=by)
        elif way == "disabled":
            disable_service_account(token.service_account, by=by)
        else:
            User.objects.filter(pk=member.user_id).update(is_active=False)
    nudge(by.tenant, "account:1")


@pytest.mark.parametrize(
    ("way", "with_"),
    [
        ("removed", "session"),
        ("removed", "personal token"),
        ("deactivated", "personal token"),
        ("revoked", "token of a program"),
        ("disabled", "token of a program"),
    ],
)
def test_who_is_shut_out_hears_nothing_any_more(acme, actor, monkeypatch, way, with_):
    monkeypatch.setattr(streams, "PROVE_SECONDS", 0)
    admin, member, until = actor(Role.ADMIN), actor(Role.DEVELOPER), timezone.now() + timedelta(days=1)
    with tenant_scope(acme.pk):
        if with_ == "token of a program":
            account = create_service_account("robot", ["reader"], by=admin)
            token, secret = create_service_token(account, "ci", until, by=admin)
        else:
            token, secret = create_token("ci", ["reader"], until, by=member)

    async def listen():
        if with_ == "session":
            response = await stream(member.membership.user, "acme")
        else:
            response = await AsyncClient().get("/events/acme/", headers={"Authorization": f"Bearer {secret}"})
        reading = asyncio.create_task(read(response, 1))
        await asyncio.sleep(1)
        await sync_to_async(shut_out)(way, admin, member.membership, token)
        return await reading

    assert run(listen()) == []
