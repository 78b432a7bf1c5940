"""What gateways and the portal's own pages ask of the signer: JSON over a network that is the vendor's own.

One POST for each question, with a secret as bearer token. A refusal is a problem (RFC 9457) whose detail is
for the person who reads it; it commits what was noted of it.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from enclaves.provisioning import agents, authorities, heartbeats, sessions
from tenants.errors import Refused

type Body = Mapping[str, Any]

NOT_FOUND, BAD, UNKNOWN, REFUSED, TOO_BIG = 404, 400, 401, 409, 413


@csrf_exempt
@require_POST
def answer_gateway(request: HttpRequest, question: str) -> HttpResponse:
    """Answer one of the questions of gateway/portal.py."""
    if not _shows(request, settings.GATEWAY_SECRET):
        return _problem(UNKNOWN, "This is no gateway's secret.")
    if question not in _QUESTIONS:
        return _problem(NOT_FOUND, f"Nobody answers {question}.")
    return _answered(request, lambda body: _QUESTIONS[question](body, request))


@csrf_exempt
@require_POST
def make_certificate(request: HttpRequest) -> HttpResponse:
    """Certify a person's key for a grant that the pages name; it is decided here whether that is right."""
    if not _shows(request, settings.SIGNER_SECRET):
        return _problem(UNKNOWN, "This is not the portal's secret.")
    return _answered(request, _certificate)


def _shows(request: HttpRequest, secret: str) -> bool:
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(secret) and hmac.compare_digest(shown.encode(), secret.encode())


def _answered(request: HttpRequest, answer: Callable[[Body], Any]) -> HttpResponse:
    try:
        body = json.loads(request.body)
        if not isinstance(body, dict):
            return _problem(BAD, "Send an object.")
        return JsonResponse(answer(body), safe=False)
    except RequestDataTooBig:
        return _problem(TOO_BIG, "This is too much at once.")
    except Refused as error:
        return _problem(REFUSED, str(error))
    except (ValueError, KeyError, TypeError) as error:
        return _problem(BAD, f"The question is not understood: {type(error).__name__}.")


def _problem(status: int, detail: str) -> HttpResponse:
    told = {"type": "about:blank", "status": status, "detail": detail}
    return JsonResponse(told, status=status, content_type="application/problem+json")


def _certificate(body: Body) -> dict[str, Any]:
    made = sessions.certify(UUID(str(body["request"])), str(body["public_key"]))
    return {"id": str(made.pk)}


def _user_authorities(body: Body, request: HttpRequest) -> list[str]:
    return authorities.every_user_line()


def _authorize(body: Body, request: HttpRequest) -> dict[str, Any]:
    names = ("grant", "host_name", "key_fingerprint", "authority_fingerprint", "source", "hop_key")
    texts = {name: str(body[name]) for name in names}
    caller = sessions.Caller(certificate_serial=int(body["certificate_serial"]), **texts)
    return sessions.authorize(caller, gateway=str(request.META.get("REMOTE_ADDR", "")))


def _opened(body: Body, request: HttpRequest) -> None:
    sessions.opened(UUID(str(body["session"])))


def _chunk(body: Body, request: HttpRequest) -> None:
    sessions.record_chunk(UUID(str(body["session"])), int(body["offset"]), str(body["text"]))


def _closed(body: Body, request: HttpRequest) -> None:
    left = None if body["left"] is None else int(body["left"])
    facts = {"reason": str(body["reason"]), "sha256": str(body["sha256"])}
    sessions.closed(UUID(str(body["session"])), size=int(body["size"]), left=left, **facts)


def _challenge(body: Body, request: HttpRequest) -> dict[str, str]:
    return {"nonce": agents.challenge(str(UUID(str(body["host"]))))}


def _enrol(body: Body, request: HttpRequest) -> dict[str, str]:
    texts = {name: str(body[name]) for name in ("nonce", "document", "csr", "host_key")}
    return {"statement": agents.enrol(str(UUID(str(body["host"]))), **texts)}


def _renew(body: Body, request: HttpRequest) -> dict[str, str]:
    texts = {name: str(body[name]) for name in ("csr", "host_key")}
    return {"statement": agents.renew(str(body["spiffe_id"]), **texts)}


def _heartbeats(body: Body, request: HttpRequest) -> dict[str, list[str]]:
    return {"unwelcome": heartbeats.heard(body["hosts"])}


def _revocations(body: Body, request: HttpRequest) -> list[dict[str, Any]]:
    return sessions.unverified()


def _verified(body: Body, request: HttpRequest) -> None:
    sessions.verified(str(body["grant"]), UUID(str(body["host"])), int(body["left"]))


_QUESTIONS: Final[Mapping[str, Callable[[Body, HttpRequest], Any]]] = {
    "user-authorities": _user_authorities,
    "authorize": _authorize,
    "opened": _opened,
    "chunk": _chunk,
    "closed": _closed,
    "challenge": _challenge,
    "enrol": _enrol,
    "renew": _renew,
    "heartbeats": _heartbeats,
    "revocations": _revocations,
    "verified": _verified,
}
