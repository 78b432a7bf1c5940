"""What a load balancer asks: is this process alive, and can it serve?"""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis, RedisError


# Without a transaction of its own: a process is alive also while the database is not.
@require_safe
@non_atomic_requests
def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@non_atomic_requests
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 503 unless the database answers; a lost Valkey only makes things slower, and is told."""
    problems = {"database": _database(), "valkey": _valkey()}
    status = 503 if problems["database"] else 200
    return JsonResponse({"status": "ok" if status == 200 else "not ready", **_words(problems)}, status=status)  # noqa: PLR2004


def _words(problems: dict[str, str]) -> dict[str, str]:
    return {name: problem or "ok" for name, problem in problems.items()}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return ""


def _valkey() -> str:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1) as valkey:
            valkey.ping()
    except RedisError:
        return "does not answer"
    return ""
