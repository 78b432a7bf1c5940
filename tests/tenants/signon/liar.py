"""The pretend provider, and how a bad one differs from it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from sandbox.idp.provider import KEY_ID, Grant, Provider

type Change = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Liar(Provider):
    """A provider that says what a test wants it to say; as long as none does, it is an honest one."""

    claimed: dict[str, Any] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    configured: dict[str, Any] = field(default_factory=dict)
    signs: Callable[[dict[str, Any]], str] | None = None
    shows: dict[str, Any] | None = None
    redeemed: list[Mapping[str, str]] = field(default_factory=list)

    def configuration(self) -> dict[str, Any]:
        return {**super().configuration(), **self.configured}

    def keys(self) -> dict[str, Any]:
        return super().keys() if self.shows is None else self.shows

    def redeem(self, form: Mapping[str, str], authorization: str) -> dict[str, Any]:
        self.redeemed.append(form)
        return super().redeem(form, authorization)

    def claims(self, grant: Grant) -> dict[str, Any]:
        said = {**super().claims(grant), **self.claimed}
        return {name: value for name, value in said.items() if name not in self.left_out}

    def sign(self, claims: dict[str, Any]) -> str:
        if self.signs:
            return self.signs(claims)
        # Past the library's own look at claims, which would keep the worst ones from being said.
        return jwt.PyJWS().encode(json.dumps(claims).encode(), self.key, "RS256", {"kid": KEY_ID})
