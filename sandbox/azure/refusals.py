"""Refusals in the words of Entra."""

import time
import uuid
from collections.abc import Mapping
from typing import Any


class EntraError(Exception):
    """No token: an OAuth error, and the number after AADSTS."""

    def __init__(
        self, status: int, error: str, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        trace = str(uuid.uuid4())
        now = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        told = f"AADSTS{self.code}: {self.message} Trace ID: {trace} Correlation ID: {trace} Timestamp: {now}"
        return {
            "error": self.error,
            "error_description": told,
            "error_codes": [self.code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": trace,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }


def invalid_client(code: int, message: str) -> EntraError:
    return EntraError(401, "invalid_client", code, message)
