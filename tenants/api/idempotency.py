"""A POST that may be repeated: the second answer to the same key is the first one, for a day."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actors import Actor
from tenants.api.problems import Problem
from tenants.models import IdempotentAnswer

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
LONGEST_KEY = 128
_OTHER_REQUEST = "This idempotency key was used for another request."

type Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Let a handler of a view that has an ``actor`` run once for each Idempotency-Key.

    Only what went well is kept: after an error the same key may try again. ``secret_fields`` of the view
    are not kept, and are null in the repeated answer.
    """

    @wraps(handler)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if HEADER not in request.headers:
            return handler(view, request, *args, **kwargs)
        kept, is_new = _claim(view.actor, _key(request), _fingerprint(request))
        if not is_new:
            return _repeated(kept, request)
        response = handler(view, request, *args, **kwargs)
        _keep(kept, response, view.secret_fields)
        return response

    return answered


def _key(request: Request) -> str:
    key = request.headers[HEADER]
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Problem(400, f"{HEADER} takes 1 to {LONGEST_KEY} printable ASCII characters.")
    return key


def _fingerprint(request: Request) -> str:
    told = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    return hashlib.sha256(told).hexdigest()


def _claim(actor: Actor, key: str, fingerprint: str) -> tuple[IdempotentAnswer, bool]:
    """Take the key, or find who took it; a request that is still under way is waited for."""
    mine = IdempotentAnswer.objects.filter(tenant=actor.tenant, actor_id=actor.id, key=key)
    mine.filter(created_at__lt=timezone.now() - KEPT).delete()
    row = IdempotentAnswer(tenant=actor.tenant, actor_id=actor.id, key=key, fingerprint=fingerprint)
    # The unique constraint makes the second of two racing inserts wait for the end of the first.
    IdempotentAnswer.objects.bulk_create([row], ignore_conflicts=True)
    kept = mine.get()
    return kept, kept.pk == row.pk


def _repeated(kept: IdempotentAnswer, request: Request) -> Response:
    if kept.fingerprint != _fingerprint(request):
        raise Problem(422, _OTHER_REQUEST)
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    return Response(kept.body, status=kept.status, headers=headers)


def _keep(kept: IdempotentAnswer, response: Response, secret_fields: tuple[str, ...]) -> None:
    if response.status_code >= 400:  # noqa: PLR2004 -- where HTTP's errors begin
        kept.delete()
        return
    body = json.loads(JSONRenderer().render(response.data) or b"null")
    kept.body = {**body, **dict.fromkeys(secret_fields)} if secret_fields else body
    kept.status = response.status_code
    kept.headers = {name: response[name] for name in ("Location", "ETag") if name in response}
    kept.save(update_fields=["body", "status", "headers"])
