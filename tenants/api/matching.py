"""ETag and If-Match, where two people may edit one thing."""

import hashlib

from rest_framework.request import Request

from tenants.api.problems import Problem


def etag_of(*facts: object) -> str:
    """A tag for a state of a thing: give it everything that an editor has seen."""
    text = "\n".join(map(repr, facts))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def require_match(request: Request, etag: str) -> None:
    """Refuse with 412 if the caller saw another state than the one that is. Without If-Match all goes."""
    wanted = request.headers.get("If-Match", "*")
    tags = [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
    if "*" not in tags and etag not in tags:
        raise Problem(412, "It was changed since you read it. Read it again, then decide.")
