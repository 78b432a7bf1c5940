"""One call to Resource Manager, read as far as every page needs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sandbox.azure import rbac
from sandbox.azure.engine import Answer
from sandbox.azure.errors import refused
from sandbox.azure.operations import Operation
from sandbox.azure.principals import Principal
from sandbox.azure.wire import Reply, Request, reply
from sandbox.azure.world import Subscription, World

LONGEST_WAIT = 10
FILTER = re.compile(r"(\w+) eq '((?:[^']|'')*)'|atScope\(\)")


@dataclass(frozen=True)
class Call:
    """`parts` are what the route's pattern found in the path."""

    world: World
    request: Request
    caller: Principal
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def path(self) -> str:
        return self.request.path.rstrip("/")

    @property
    def subscription(self) -> Subscription:
        return self.world.subscription(self.parts["subscription"])

    @cached_property
    def body(self) -> dict[str, Any]:
        return self.request.json()

    @property
    def api_version(self) -> str:
        return self.request.query.get("api-version", "")

    def check(self, action: str, scope: str = "") -> None:
        rbac.check(self.world, self.caller, action, scope or self.path)

    def may(self, action: str, scope: str) -> bool:
        return rbac.allows(self.world, self.caller.object_id, action, scope)

    def unknown_options(self) -> list[str]:
        """Names of OData options that change an answer in a way that no page here knows."""
        query = self.request.query
        known = {"$filter", "$top", "$skiptoken"}
        if query.get("$expand", "").lower() == "instanceview":
            known.add("$expand")
        return sorted(name for name in query if name.startswith("$") and name not in known)

    def filters(self, *known: str) -> dict[str, str]:
        """The comparisons of `$filter`; raises ArmError for what is not among the known."""
        text = self.request.query.get("$filter", "")
        found = {m[1] or "atScope": m[2] or "" for m in FILTER.finditer(text)}
        if FILTER.sub("", text).replace("and", "").strip() or set(found) - set(known):
            raise refused(
                "InvalidFilterInQueryString", f"The sandbox does not understand the filter {text!r}."
            )
        return found

    def page(self, values: list[Any]) -> Reply:
        """As much of a list as fits on a page, with the address of the next."""
        query = self.request.query
        size = self.world.behaviour.page_size
        start = _number(query.get("$skiptoken", "0"))
        end = start + min(_number(query.get("$top", str(size))), size)
        answer: dict[str, Any] = {"value": values[start:end]}
        if end < len(values):
            answer["nextLink"] = self._url(self.path, **{**query, "$skiptoken": str(end)})
        return reply(200, answer)

    def answered(self, answer: Answer) -> Reply:
        """A resource, and where to ask for the operation if one goes on."""
        operation = answer.operation
        if operation is None:
            return reply(answer.status, answer.body)
        headers = self._wait(operation)
        poll = self._url(operation.path(), **{"api-version": self.api_version})
        result = self._url(operation.path("operationresults"), **{"api-version": self.api_version})
        match operation.style:
            case "async":
                return reply(answer.status, answer.body, {"Azure-AsyncOperation": poll, **headers})
            case "location":
                return reply(202, None, {"Location": result, **headers})
            case "both":
                return reply(202, None, {"Azure-AsyncOperation": poll, "Location": result, **headers})
        return reply(answer.status, answer.body, headers)

    def standing(self, operation: Operation) -> Reply:
        """How an operation goes, at its Azure-AsyncOperation."""
        told: dict[str, Any] = {"name": operation.id, "status": operation.status}
        if operation.error:
            told["error"] = operation.error
        return reply(200, told, self._wait(operation))

    def outcome(self, operation: Operation) -> Reply:
        """What an operation led to, at its Location."""
        if operation.status == "InProgress":
            here = {"Location": self._url(self.path, **self.request.query)}
            return reply(202, None, {**here, **self._wait(operation)})
        if operation.error:
            return reply(409, {"error": operation.error})
        return reply(204) if operation.result is None else reply(200, operation.result)

    def _wait(self, operation: Operation) -> dict[str, str]:
        if operation.status != "InProgress":
            return {}
        left = round((operation.ready_at - self.world.clock.now()) / 2)
        return {"Retry-After": str(max(1, min(LONGEST_WAIT, left)))} if self.world.behaviour.pace else {}

    def _url(self, path: str, **query: str) -> str:
        return f"{self.world.base_url}{path}?{urlencode(query)}"


def _number(text: str) -> int:
    if not text.isdecimal():
        raise refused("InvalidQueryParameterValue", f"'{text}' is not a number.")
    return int(text)
