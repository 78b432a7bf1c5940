"""Every error of the API as a problem document (RFC 9457)."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tenants.errors import Refused, Unassured

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
KINDS: Final = "/problems/"  # before the names of those problems that a program can do something about
NOT_HERE = "There is no such thing here, or it is not yours."
FAILED = "Something failed on our side. Nothing was changed; it has been noted."


class Problem(exceptions.APIException):
    """A problem that a view names itself, with the faults of fields if there are any."""

    def __init__(self, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status_code = status
        self.errors = errors or []


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """Turn what a view raised into an answer, and undo what it did in the database."""
    set_rollback()
    body = _problem(error)
    if body["status"] == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("A request to the API failed.", exc_info=error)
        # Tests and error trackers listen to this one.
        got_request_exception.send(sender=problem_response, request=context.get("request"))
    return Response(body, status=body["status"], headers=_headers(error), content_type=MEDIA_TYPE)


def problem(
    status: int, detail: str, errors: list[dict[str, str]] | None = None, kind: str = "about:blank"
) -> dict[str, Any]:
    """The document itself."""
    title = HTTPStatus(status).phrase
    body = {"type": kind, "title": title, "status": int(status), "detail": detail}
    return {**body, "errors": errors} if errors else body


# The first line that fits decides; where the text is empty, the error says it itself, if it says anything.
_ANSWERS: tuple[tuple[type[Exception], int, str], ...] = (
    (Http404, 404, NOT_HERE),
    (exceptions.NotFound, 404, NOT_HERE),
    (PermissionDenied, 403, ""),
    (Refused, 409, ""),
    (RequestDataTooBig, 413, "The body of the request is too large."),
    (BadRequest, 400, "The request makes no sense."),
    (SuspiciousOperation, 400, "The request makes no sense."),
    (RecursionError, 400, "The body of the request is nested too deeply."),
    (Exception, 500, FAILED),
)


def _problem(error: Exception) -> dict[str, Any]:
    if isinstance(error, Problem):
        return problem(error.status_code, str(error.detail), error.errors)
    if isinstance(error, Unassured):
        return problem(403, str(error), kind=f"{KINDS}{error.lack}")
    if isinstance(error, exceptions.ValidationError):
        return _invalid(list(_faults(error.detail)))
    if isinstance(error, ValidationError):
        return _invalid(list(_django_faults(error)))
    if isinstance(error, exceptions.APIException) and not isinstance(error, exceptions.NotFound):
        return problem(error.status_code, str(error.detail))
    status, text = next((status, text) for kind, status, text in _ANSWERS if isinstance(error, kind))
    return problem(status, text or str(error) or "You lack the right to do this.")


def _invalid(errors: list[dict[str, str]]) -> dict[str, Any]:
    first = errors[0]
    said = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
    return problem(400, said + more, errors)


def _faults(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten what REST framework nests: one entry for each message, the field with dots."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _faults(inner, path if name == "non_field_errors" else f"{path}.{name}".strip("."))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            nested = isinstance(inner, dict)  # one of many things, and not one of many messages
            yield from _faults(inner, f"{path}.{place}".strip(".") if nested else path)
    else:
        yield {"field": path, "message": str(detail)}


def _django_faults(error: ValidationError) -> Iterator[dict[str, str]]:
    if not hasattr(error, "error_dict"):
        yield from ({"field": "", "message": message} for message in error.messages)
        return
    for name, messages in error.message_dict.items():
        field = "" if name == "__all__" else name
        yield from ({"field": field, "message": message} for message in messages)


def _headers(error: Exception) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return headers
