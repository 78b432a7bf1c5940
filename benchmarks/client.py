"""The API of a demo, as a script uses it."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Refused(Exception):
    """The API answered with an error."""


class Client:
    """Speaks for the admin of acme."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._place = urlsplit(facts["base_url"]).netloc
        self._token = facts["tokens"][0]["token"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Call ``path`` below the tenant; raises Refused."""
        connection = http.client.HTTPConnection(self._place, timeout=60)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/api/v1/tenants/acme/{path}", content, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise Refused(f"{method} {path}: {answer.status} {text}")
        return json.loads(text)
