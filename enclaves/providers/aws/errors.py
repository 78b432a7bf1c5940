"""AWS's errors in the portal's words: one table, one context manager."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from enclaves.providers.base import ProviderError, Trouble

# AWS has more than a thousand codes. What is not here goes by its HTTP status.
TROUBLES: dict[Trouble, frozenset[str]] = {
    Trouble.REFUSED: frozenset(
        {
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "InvalidClientTokenId",
            "OptInRequired",
            "SignatureDoesNotMatch",
            "UnauthorizedOperation",
            "UnrecognizedClientException",
        }
    ),
    Trouble.THROTTLED: frozenset(
        {
            "EC2ThrottledException",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        }
    ),
    Trouble.UNAVAILABLE: frozenset(
        {
            "ExpiredToken",
            "ExpiredTokenException",
            "InternalError",
            "InternalFailure",
            "RequestExpired",
            "ServiceUnavailable",
            "Unavailable",
        }
    ),
    Trouble.NO_CAPACITY: frozenset(
        {
            "InsufficientCapacity",
            "InsufficientHostCapacity",
            "InsufficientInstanceCapacity",
            "InsufficientVolumeCapacity",
            "SpotMaxPriceTooLow",
        }
    ),
    Trouble.QUOTA: frozenset(
        {
            "InstanceLimitExceeded",
            "InsufficientFreeAddressesInSubnet",
            "MaxIOPSLimitExceeded",
            "NetworkInterfaceLimitExceeded",
            "PendingVerification",
            "VcpuLimitExceeded",
            "VolumeLimitExceeded",
        }
    ),
}
_BY_CODE = {code: trouble for trouble, codes in TROUBLES.items() for code in codes}
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429

_SENTENCES = {
    Trouble.REFUSED: "AWS refused {action}: {detail}",
    Trouble.INVALID: "AWS cannot do {action}: {detail}",
    Trouble.THROTTLED: "AWS answered “slow down” to {action}.",
    Trouble.UNAVAILABLE: "AWS gave no answer to {action}: {detail}",
    Trouble.NO_CAPACITY: "AWS has no capacity for {action}: {detail}",
    Trouble.QUOTA: "A limit of your AWS account stops {action}: {detail}",
}


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Raise ProviderError for whatever the SDK raises inside; ``action`` is the IAM name of the call."""
    try:
        yield
    except ClientError as error:
        raise _from_answer(error, action) from error
    except ParamValidationError as error:
        raise _made(action, Trouble.INVALID, type(error).__name__, str(error)) from error
    except BotoCoreError as error:
        raise _made(action, Trouble.UNAVAILABLE, type(error).__name__, str(error)) from error


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _from_answer(error: ClientError, action: str) -> ProviderError:
    code = code_of(error)
    detail = error.response.get("Error", {}).get("Message", "")
    return _made(action, _trouble(error, code), code, _readable(detail) or code)


def _trouble(error: ClientError, code: str) -> Trouble:
    if code in _BY_CODE:
        return _BY_CODE[code]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == _TOO_MANY_REQUESTS:
        return Trouble.THROTTLED
    return Trouble.UNAVAILABLE if status >= _SERVER_ERROR else Trouble.INVALID


def _readable(message: str) -> str:
    # EC2 appends kilobytes that only a privileged call could decode.
    return re.sub(r"\s*Encoded authorization failure message:.*", "", message, flags=re.DOTALL).strip()


def _made(action: str, trouble: Trouble, code: str, detail: str) -> ProviderError:
    text = _SENTENCES[trouble].format(action=action, detail=detail)
    return ProviderError(text, trouble=trouble, code=code, action=action)
