"""What others fetch who must check a signature of the portal: anybody, without a session."""

from typing import Any, Final

from django.conf import settings
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from enclaves.provisioning import issuer

# The next key is published a day before it signs, so an answer of an hour ago always has the right one.
KEEP: Final = "public, max-age=3600"


@require_safe
@non_atomic_requests
def read_configuration(request: HttpRequest) -> JsonResponse:
    document = {
        "issuer": settings.ISSUER_URL,
        "jwks_uri": settings.ISSUER_URL + reverse("issuer-keys"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [issuer.ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "jti", "iat", "nbf", "exp"],
    }
    return _published(document, "application/json", KEEP)


@require_safe
@non_atomic_requests
def read_keys(request: HttpRequest) -> JsonResponse:
    keys = issuer.published_keys()
    # Nobody should remember for an hour that there is no key: the first one signs at once.
    return _published({"keys": keys}, "application/jwk-set+json", KEEP if keys else "no-store")


def _published(document: dict[str, Any], content_type: str, keep: str) -> JsonResponse:
    return JsonResponse(document, content_type=content_type, headers={"Cache-Control": keep})
