"""How each request is bounded, against a transport that answers what the test says."""

import io
import logging

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from enclaves.providers.azure import AzureConfig
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.azure.versions import MACHINE, PUBLIC_ADDRESS, SUBSCRIPTION, VIRTUAL_NETWORK
from enclaves.providers.base import Claim, ProviderError, Trouble

ACCOUNT = "aaaabbbb-0000-4000-8000-ccccdddd0001"
HERE = f"https://management.azure.com/subscriptions/{ACCOUNT}"
ASSERTION = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0ZW5hbnQifQ.bm90LXJlYWw"
TOKEN = b'{"access_token": "the-token", "expires_in": 3599, "token_type": "Bearer"}'


class Wire(HTTPAdapter):
    """Answers Entra with a token, and Resource Manager with what ``answers`` holds, in that order."""

    def __init__(self):
        super().__init__()
        self.token = (200, {}, TOKEN)
        self.answers = []
        self.asked = []
        self.slept = []

    def send(self, request, **_):
        if request.path_url.endswith("/oauth2/v2.0/token"):
            return self._response(request, self.token)
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return self._response(request, answer)

    def _response(self, request, answer):
        status, headers, body = answer
        told = {"Content-Type": "application/json", **headers}
        return self.build_response(
            request,
            HTTPResponse(body=io.BytesIO(body), headers=told, status=status, preload_content=False),
        )


@pytest.fixture
def wire(monkeypatch):
    wire = Wire()
    monkeypatch.setattr("azure.core.pipeline.transport._base.time.sleep", wire.slept.append)
    return wire


@pytest.fixture
def sessions(wire):
    session = requests.Session()
    session.mount("https://", wire)
    carrier = RequestsTransport(session=session, session_owner=False)
    config = AzureConfig("https://portal.example.com", lambda subject: ASSERTION, transport=carrier)
    claim = Claim(
        ACCOUNT, "registration", "", "", 1, tenant="tenant", directory="directory", client_id="client"
    )
    return Sessions(claim, config)


def read(sessions):
    return sessions.observer.read(SUBSCRIPTION, f"/subscriptions/{ACCOUNT}")


def refusal_of(sessions):
    with pytest.raises(ProviderError) as refusal:
        read(sessions)
    return refusal.value


def listed(sessions):
    path = f"/subscriptions/{ACCOUNT}/providers/{VIRTUAL_NETWORK}"
    return sessions.observer.listed(VIRTUAL_NETWORK, path)


def test_a_call_carries_the_token_and_the_pinned_version(sessions, wire):
    wire.answers = [(200, {}, b'{"subscriptionId": "x"}')]

    assert read(sessions) == {"subscriptionId": "x"}
    assert wire.asked[0].url == f"{HERE}?api-version=2022-12-01"
    assert wire.asked[0].headers["Authorization"] == "Bearer the-token"


def test_a_short_wait_is_waited_and_the_call_made_again(sessions, wire):
    wire.answers = [(429, {"Retry-After": "7"}, b""), (200, {}, b"{}")]

    assert read(sessions) == {}
    assert wire.slept == [7]


def test_a_long_wait_is_not_waited_but_told(sessions, wire):
    wire.answers = [(429, {"Retry-After": "300"}, b'{"error": {"code": "TooManyRequests"}}')]

    refusal = refusal_of(sessions)

    assert (refusal.trouble, refusal.retry_after) == (Trouble.THROTTLED, 300.0)
    assert (wire.slept, len(wire.asked)) == ([], 1)


def test_a_throttle_without_end_is_given_up(sessions, wire):
    wire.answers = [(429, {"Retry-After": "2"}, b"")]

    assert refusal_of(sessions).trouble == Trouble.THROTTLED
    assert len(wire.asked) == 3


def test_a_server_that_stays_broken_is_no_answer(sessions, wire):
    wire.answers = [(503, {}, b"<html>Busy</html>")]

    assert refusal_of(sessions).trouble == Trouble.UNAVAILABLE


def test_a_line_that_breaks_is_no_answer(sessions, wire):
    wire.answers = [requests.ConnectionError("reset")]

    refusal = refusal_of(sessions)

    assert (refusal.trouble, refusal.action) == (Trouble.UNAVAILABLE, f"{SUBSCRIPTION}/read")


def test_an_answer_that_is_not_json_is_no_answer(sessions, wire):
    wire.answers = [(200, {}, b"<html>Sign in to the hotel's network</html>")]

    refusal = refusal_of(sessions)

    assert (refusal.trouble, refusal.code) == (Trouble.UNAVAILABLE, "NoJson")


def test_pages_are_read_to_the_end(sessions, wire):
    wire.answers = [
        (200, {}, f'{{"value": [{{"id": 1}}], "nextLink": "{HERE}/next?page=2"}}'.encode()),
        (200, {}, b'{"value": [{"id": 2}]}'),
    ]

    assert [each["id"] for each in listed(sessions)] == [1, 2]
    assert wire.asked[1].url == f"{HERE}/next?page=2"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/subscriptions/aaaabbbb-0000-4000-8000-ccccdddd0001/x",
        f"http://management.azure.com/subscriptions/{ACCOUNT}/x",
        f"https://management.azure.com.evil.example/subscriptions/{ACCOUNT}/x",
        f"https://management.azure.com@evil.example/subscriptions/{ACCOUNT}/x",
        "https://management.azure.com/subscriptions/another/x",
        f"{HERE}/../another/x",
    ],
)
def test_the_token_goes_to_no_address_but_azures_for_this_subscription(sessions, wire, address):
    wire.answers = [(200, {}, f'{{"value": [], "nextLink": "{address}"}}'.encode())]

    with pytest.raises(ProviderError) as page:
        listed(sessions)
    with pytest.raises(ProviderError) as operation:
        sessions.observer.ask(address, MACHINE)

    assert (page.value.code, operation.value.code) == ("ForeignAddress", "ForeignAddress")
    assert len(wire.asked) == 1


def test_redirects_are_not_followed(sessions, wire):
    wire.answers = [(307, {"Location": "https://evil.example/"}, b"{}")]

    assert refusal_of(sessions).trouble == Trouble.UNAVAILABLE
    assert len(wire.asked) == 1


def test_an_unregistered_provider_is_told_and_not_registered(sessions, wire):
    error = b'{"error": {"code": "MissingSubscriptionRegistration", "message": "No \'Microsoft.Compute\'."}}'
    wire.answers = [(409, {}, error)]

    with pytest.raises(ProviderError) as refusal:
        sessions.observer.listed(PUBLIC_ADDRESS, f"/subscriptions/{ACCOUNT}/x")

    assert refusal.value.code == "MissingSubscriptionRegistration"
    assert [request.method for request in wire.asked] == ["GET"]


def test_what_is_not_there_is_none_but_a_missing_subscription_is_an_error(sessions, wire):
    wire.answers = [(404, {}, b'{"error": {"code": "ResourceNotFound", "message": "No."}}')]
    absent = sessions.observer.find(MACHINE, f"/subscriptions/{ACCOUNT}/x")
    wire.answers = [(404, {}, b'{"error": {"code": "SubscriptionNotFound", "message": "No."}}')]

    assert absent is None
    with pytest.raises(ProviderError, match="refused"):
        sessions.observer.find(MACHINE, f"/subscriptions/{ACCOUNT}/x")


@pytest.mark.parametrize(
    ("status", "body", "trouble", "code"),
    [
        (
            401,
            b'{"error": "invalid_client", "error_description": "AADSTS700213: No match. Trace ID: 1"}',
            Trouble.REFUSED,
            "AADSTS700213",
        ),
        (400, b'{"error": "unauthorized_client"}', Trouble.REFUSED, "HTTP 400"),
        (429, b'{"error": "temporarily_unavailable"}', Trouble.THROTTLED, "HTTP 429"),
        (503, b'{"error": "temporarily_unavailable"}', Trouble.UNAVAILABLE, "HTTP 503"),
    ],
)
def test_the_token_exchange_is_refused_only_by_a_clear_no(sessions, wire, status, body, trouble, code):
    wire.token = (status, {}, body)

    refusal = refusal_of(sessions)

    assert (refusal.trouble, refusal.code, refusal.action) == (trouble, code, "the token exchange")


def test_an_entra_that_answers_with_a_web_page_is_no_answer(sessions, wire):
    wire.token = (502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>")

    assert refusal_of(sessions).trouble == Trouble.UNAVAILABLE


def test_a_refused_exchange_is_not_repeated(sessions, wire, monkeypatch):
    wire.token = (401, {}, b'{"error": "invalid_client"}')
    refusal_of(sessions)
    wire.token = (200, {}, TOKEN)

    assert refusal_of(sessions).trouble == Trouble.REFUSED


def test_neither_errors_nor_logs_hold_what_was_presented(sessions, wire, caplog):
    caplog.set_level(logging.DEBUG)
    echo = f'{{"error": "invalid_client", "error_description": "AADSTS50027: bad: {ASSERTION}"}}'
    wire.token = (401, {}, echo.encode())

    refusal = refusal_of(sessions)

    assert refusal.code == "AADSTS50027"
    assert ASSERTION not in f"{refusal!s} {refusal!r} {refusal.__dict__} {caplog.text} {sessions!r}"
