"""What every answer tells the browser, whoever asked, and what no page may hold."""

import json
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.walls.people import ADMIN, ADMINS_TOKEN, NOBODY, STRANGER
from tests.walls.table import TABLE
from tests.walls.test_other_tenant import asked_by, text_of

pytestmark = pytest.mark.django_db(databases=["default", "system"])

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Public keys and documents, the same for everybody.
CACHED = {".well-known/openid-configuration", ".well-known/jwks.json", ".well-known/enclave-audit-keys.json"}
INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:",
    re.IGNORECASE,
)
READ = [line for line in TABLE if line.method == "GET"]
CHANGES = [line for line in TABLE if line.method != "GET" and "<path:rest>" not in line.route]


@pytest.mark.parametrize("line", READ, ids=str)
def test_every_answer_carries_the_headers_that_protect_it(world, line):
    for person in (NOBODY, STRANGER, asked_by(line)):
        answer = world.ask(person, "GET", world.address(line.route))

        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
        if line.route not in CACHED:
            assert "no-store" in answer.headers["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("line", [line for line in READ if not line.route.startswith("api/v1/t")], ids=str)
def test_no_page_holds_script_or_style_of_its_own(world, line):
    text = text_of(world.ask(ADMIN, "GET", world.address(line.route)))

    assert INLINE.findall(text) == []


@pytest.mark.parametrize("line", CHANGES, ids=str)
def test_nothing_is_changed_by_a_session_that_did_not_send_its_form(world, line):
    answer = world.ask(ADMIN, line.method, world.address(line.route), enforce_csrf_checks=True)

    assert (answer.status_code, world.written) == (403, [])


def test_a_program_needs_no_form(world):
    answer = world.ask(ADMINS_TOKEN, "POST", "/api/v1/tenants/acme/unfreeze/", enforce_csrf_checks=True)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "address", ["/accounts/login/", "/t/acme/deployments/new/", "/api/v1/tenants/acme/hosts/"]
)
def test_the_cookies_are_for_the_server_alone(world, address):
    cookies = world.ask(ADMIN, "GET", address).cookies

    for cookie in cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")


@pytest.mark.parametrize("address", ["/accounts/login/", "/t/acme/deployments/new/"])
def test_a_page_takes_no_large_form_and_no_file(world, address):
    large = b"x=" + b"y" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    many = b"&".join(b"x%d=y" % number for number in range(1500))
    file = {"file": SimpleUploadedFile("spec.yaml", b"x")}

    assert world.ask(ADMIN, "POST", address, large).status_code in (400, 413)
    assert world.ask(ADMIN, "POST", address, many).status_code in (400, 413)
    assert Client().post(address, file).status_code in (302, 400, 413)


DEEP = ["[" * 100_000, '{"spec":' + "[" * 50_000 + "]" * 50_000 + "}", '{"a":' * 90_000]


@pytest.mark.parametrize("body", DEEP, ids=["open", "closed", "objects"])
@pytest.mark.parametrize("path", ["deployments/", "tokens/", "cloud-accounts/"])
def test_the_api_takes_no_json_without_a_bottom(world, path, body):
    answer = world.ask(ADMINS_TOKEN, "POST", f"/api/v1/tenants/acme/{path}", body.encode())

    assert (answer.status_code, world.written) == (400, [])


def test_the_api_takes_no_large_body(world):
    large = json.dumps({"title": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}).encode()

    answer = world.ask(ADMINS_TOKEN, "POST", "/api/v1/tenants/acme/cloud-accounts/", large)

    assert (answer.status_code, world.written) == (413, [])
