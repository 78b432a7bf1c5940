"""Refusals in the words of Azure Resource Manager."""

from collections.abc import Mapping, Sequence
from typing import Any


class ArmError(Exception):
    """What the caller is told: an HTTP status, a code to branch on, a text to read."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str = "",
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.target, self.details, self.headers = target, tuple(details), dict(headers or {})

    def error(self) -> dict[str, Any]:
        """The value of `error` in the body of an answer or an operation."""
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            told["target"] = self.target
        if self.details:
            told["details"] = [dict(detail) for detail in self.details]
        return told

    def body(self) -> dict[str, Any]:
        return {"error": self.error()}


def refused(code: str, message: str, target: str = "", status: int = 400) -> ArmError:
    """A refusal of what the body says; `target` names the property."""
    return ArmError(status, code, message, target=target)


def group_not_found(group: str) -> ArmError:
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
