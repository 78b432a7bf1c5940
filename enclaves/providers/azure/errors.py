"""Azure's errors in the portal's words: one table, and no SDK."""

import re
from collections.abc import Mapping
from typing import Any

from enclaves.providers.base import ProviderError, Trouble

# Azure has thousands of codes. What is not here goes by its HTTP status.
TROUBLES: dict[Trouble, frozenset[str]] = {
    Trouble.REFUSED: frozenset(
        {
            "AuthorizationFailed",
            "DisallowedOperation",
            "InvalidAuthenticationToken",
            "InvalidAuthenticationTokenTenant",
            "LinkedAuthorizationFailed",
            "ReadOnlyDisabledSubscription",
            "RequestDisallowedByAzure",
            "RequestDisallowedByPolicy",
            "ScopeLocked",
            "SubscriptionNotFound",
        }
    ),
    Trouble.THROTTLED: frozenset({"SubscriptionRequestsThrottled", "TooManyRequests"}),
    Trouble.UNAVAILABLE: frozenset(
        {
            "AnotherOperationInProgress",
            "Conflict",
            "ExpiredAuthenticationToken",
            "InternalExecutionError",
            "InternalOperationError",
            "InternalServerError",
            "OSProvisioningTimedOut",
            "PreconditionFailed",
            "ReferencedResourceNotProvisioned",
            "RequestTimeout",
            "RetryableError",
            "RetryableErrorDueToAnotherOperation",
            "ServerTimeout",
            "ServiceUnavailable",
            "VMStartTimedOut",
        }
    ),
    Trouble.NO_CAPACITY: frozenset(
        {
            "AllocationFailed",
            "OverconstrainedAllocationRequest",
            "OverconstrainedZonalAllocationRequest",
            "SkuNotAvailable",
            "ZonalAllocationFailed",
        }
    ),
    Trouble.QUOTA: frozenset(
        {
            "PublicIPCountLimitReached",
            "QuotaExceeded",
            "ResourceQuotaExceeded",
            "SubnetIsFull",
        }
    ),
}
_BY_CODE = {code: trouble for trouble, codes in TROUBLES.items() for code in codes}
_BY_STATUS = {401: Trouble.REFUSED, 403: Trouble.REFUSED, 408: Trouble.UNAVAILABLE, 429: Trouble.THROTTLED}
_REDIRECTS = range(300, 400)
_SERVER_ERROR = 500
_LONGEST_DETAIL = 500

_SENTENCES = {
    Trouble.REFUSED: "Azure refused {action}: {detail}",
    Trouble.INVALID: "Azure cannot do {action}: {detail}",
    Trouble.THROTTLED: "Azure answered “slow down” to {action}.",
    Trouble.UNAVAILABLE: "Azure gave no answer to {action}: {detail}",
    Trouble.NO_CAPACITY: "Azure has no capacity for {action}: {detail}",
    Trouble.QUOTA: "A quota of your subscription stops {action}: {detail}",
}


def made(
    action: str, trouble: Trouble, code: str, detail: str, retry_after: float | None = None
) -> ProviderError:
    text = _SENTENCES[trouble].format(action=action, detail=_readable(detail) or code)
    return ProviderError(text, trouble=trouble, code=code, action=action, retry_after=retry_after)


def from_answer(
    action: str, status: int, answer: Mapping[str, Any], retry_after: float | None = None
) -> ProviderError:
    """Make the error of a call; ``answer`` is what ARM said in its body, as far as it is one."""
    error = error_in(answer)
    code, detail = str(error.get("code", "")) or f"HTTP {status}", str(error.get("message", ""))
    return made(action, _trouble(status, code, detail), code, detail, retry_after)


def from_operation(action: str, error: Mapping[str, Any]) -> ProviderError:
    """Make the error of an operation that Azure had accepted and then gave up."""
    code, detail = str(error.get("code", "")) or "Failed", str(error.get("message", ""))
    return made(action, _trouble(0, code, detail), code, detail)


def error_in(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    error = answer.get("error")
    return error if isinstance(error, Mapping) else answer


def _trouble(status: int, code: str, detail: str) -> Trouble:
    # Whatever a "slow down" or a broken server says of itself, it is no answer to what was asked.
    if status in (408, 429) or status in _REDIRECTS or status >= _SERVER_ERROR:
        return _BY_STATUS.get(status, Trouble.UNAVAILABLE)
    if code in _BY_CODE:
        return _BY_CODE[code]
    # Azure's name for an exhausted quota is the name for whatever it does not allow.
    if code == "OperationNotAllowed" and "quota" in detail.lower():
        return Trouble.QUOTA
    return _BY_STATUS.get(status, Trouble.INVALID)


def _readable(message: str) -> str:
    """Keep what says something, and nothing that could be a token."""
    first = re.split(r"\s*(?:Trace ID|Correlation ID|Content|Response):", message, maxsplit=1)[0]
    return re.sub(r"eyJ[\w.-]+", "…", first).strip()[:_LONGEST_DETAIL]
