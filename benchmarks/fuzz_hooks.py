"""What schemathesis does besides: it shows a token, spares what it needs itself, and looks for leaks."""

import json
import os
import zlib
from typing import Any

import schemathesis

NOUN_OF = {"account": "cloud-accounts", "zone": "enclaves", "application": "applications"}
TOKEN = os.environ["FUZZ_TOKEN"]
KEPT = frozenset(json.loads(os.environ["FUZZ_KEPT"]))
NAMES = json.loads(os.environ["FUZZ_NAMES"])
MARKS = json.loads(os.environ["FUZZ_MARKS"])


@schemathesis.auth()
class Token:
    """The token of an admin of acme."""

    def get(self, case: Any, context: Any) -> str:
        return TOKEN

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Ask below acme, and mostly for what there is: at random names there is nothing to find.

    The token and whose it is are left alone, or everything after would be a 401.
    """
    given = case.path_parameters or {}
    for name, value in given.items():
        given[name] = _known(case.operation.path, name, value)


def _known(path: str, name: str, value: Any) -> Any:
    noun = NOUN_OF.get(name) or path.split(f"/{{{name}}}", maxsplit=1)[0].rpartition("/")[2]
    fits = ["acme"] if name == "tenant" else [one for one in NAMES.get(noun, []) if one not in KEPT]
    # By the value itself, so that the same seed asks the same.
    chance = zlib.crc32(repr(value).encode())
    if str(value) in KEPT:
        return "00000000-0000-4000-8000-000000000000"
    return fits[chance // 8 % len(fits)] if fits and chance % 8 else value


@schemathesis.check
def nothing_of_another_tenant(ctx: Any, response: Any, case: Any) -> None:
    sent = f"{case.path_parameters} {case.query} {case.body}"
    leaks = [mark for mark in MARKS if mark in response.text and mark not in sent]
    if leaks:
        raise AssertionError(f"The answer holds what is globex's: {leaks}")
