"""The tour by somebody who has a token and the OpenAPI document, and nothing else."""

import json
import re
import subprocess
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.journeys import readme

PATIENCE = 90


@dataclass(frozen=True)
class Walk:
    """An account that nobody has registered, in the zone of a tour; acme's program walks both."""

    tour: readme.Tour
    account: str
    directory: str = ""

    @property
    def zone(self) -> str:
        return self.tour.enclave()[1]

    @property
    def names(self) -> dict[str, str]:
        return {"tenant": "acme", "account": self.account}

    @property
    def wish(self) -> dict[str, str]:
        return {"account": self.account, **({"azure_tenant_id": self.directory} if self.directory else {})}


AWS = Walk(readme.AWS, "aws:222233334444")
AZURE = Walk(
    readme.AZURE,
    "azure:aaaabbbb-0000-4000-8000-ccccdddd2222",
    directory="dddd1111-0000-4000-8000-000000002222",
)


class Api:
    """Calls what the document describes, and refuses to call anything else."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.document = self._ask("GET", "/api/v1/schema/?format=json")

    def __call__(self, method: str, path: str, body: Any = None, **names: str) -> Any:
        described = self.document["paths"][f"/api/v1{path}"]
        assert method.lower() in described
        query = {name: names.pop(name) for name in list(names) if f"{{{name}}}" not in path}
        address = f"/api/v1{path.format(**names)}"
        return self._ask(method, f"{address}?{urlencode(query)}" if query else address, body)

    def _ask(self, method: str, address: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        request = Request(self._base_url + address, content, headers, method=method)  # noqa: S310 -- loopback
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            text = answer.read().decode()
        return json.loads(text) if text else None

    def status(self, method: str, path: str, **names: str) -> int:
        try:
            self(method, path, **names)
        except HTTPError as error:
            error.close()
            return error.code
        return HTTPStatus.OK


@pytest.fixture
def api(demo):
    """The API as acme's admin sees it, with a token of the demo."""
    token = next(one["token"] for one in demo["tokens"] if one["tenant"] == "acme")
    return Api(demo["base_url"], token)


@pytest.fixture(params=[AWS, AZURE], ids=["aws", "azure"])
def walk(request, sandbox, azure):
    """A walk from an account of a sandbox that nobody has registered."""
    number = request.param.account.partition(":")[2]
    if request.param.directory:
        wish = {"subscription_id": number, "directory_id": request.param.directory}
        azure.ask("POST", "subscriptions", wish)
    else:
        sandbox.ask("POST", "accounts", {"account": number})
    return request.param


def test_a_program_goes_from_an_account_to_active_hosts(api, walk, workplace):
    api("POST", "/tenants/{tenant}/cloud-accounts/", walk.wish, tenant="acme")
    outputs = apply_template(api, "account", walk.names, workplace)
    if walk.directory:
        hand_in(api, walk, outputs["observerClientId"])
    wait_until_verified(api, walk.names)

    wish = {"account": walk.account, "zone": walk.zone}
    enclave = api("POST", "/tenants/{tenant}/enclaves/", wish, tenant="acme")
    apply_template(api, "zone", {**walk.names, "zone": walk.zone}, workplace)
    wait_for(lambda: state_of_enclave(api, walk), "ready")

    deployment = deploy(api, walk, enclave["enclave"])
    wait_for(lambda: api("GET", "/tenants/{tenant}/deployments/{id}/", **deployment)["state"], "live")
    assert states_of_hosts(api, deployment["id"]) == ["active"] * 3


def test_a_token_opens_nothing_of_another_tenant(api):
    answers = {
        path: api.status("GET", path.removeprefix("/api/v1"), tenant="globex")
        for path, described in api.document["paths"].items()
        if "get" in described and path.count("{") == 1 and "{tenant}" in path
    }

    assert answers != {}
    assert set(answers.values()) == {HTTPStatus.NOT_FOUND}


def apply_template(api: Api, kind: str, names: dict[str, str], workplace: Any) -> dict[str, str]:
    """Save the template, and run the line that comes with it; return what it prints at its end."""
    path = f"/tenants/{{tenant}}/cloud-accounts/{{account}}/templates/{kind}/"
    template = api("GET", path, **names)
    (workplace / template["file_name"]).write_text(template["text"])
    line = template["sandbox_command"]
    done = subprocess.run(  # noqa: S602 -- ours
        line, shell=True, cwd=workplace, check=True, capture_output=True, text=True, timeout=90
    )
    return dict(re.findall(r"^  (\w+) = (.*)$", done.stdout, re.MULTILINE))


def hand_in(api: Api, walk: Walk, client_id: str) -> None:
    path = "/tenants/{tenant}/cloud-accounts/{account}/client-id/"
    api("POST", path, {"azure_client_id": client_id}, **walk.names)


def wait_until_verified(api: Api, names: dict[str, str]) -> None:
    account = "/tenants/{tenant}/cloud-accounts/{account}/"
    wait_for(lambda: api("GET", account, **names)["state"], "verified")
    checks = api("GET", f"{account}checks/", **names)["results"]
    assert {check["outcome"] for check in checks} == {"passed"}


def state_of_enclave(api: Api, walk: Walk) -> str:
    path = "/tenants/{tenant}/enclaves/{account}/{zone}/"
    return str(api("GET", path, **walk.names, zone=walk.zone)["state"])


def deploy(api: Api, walk: Walk, enclave: str) -> dict[str, str]:
    """Submit the spec of the README for this enclave, read the plan, and apply it."""
    here, application = "/".join(walk.tour.enclave()), walk.account.partition(":")[0]
    spec = walk.tour.spec().replace(here, enclave)
    spec = spec.replace("application: search", f"application: lookup-{application}")
    revision = api("POST", "/tenants/{tenant}/deployments/", {"spec": spec}, tenant="acme")
    assert [host["name"] for host in revision["plan"]["create"]] == ["query-1", "query-2", "query-3"]
    deployment = {"tenant": "acme", "id": revision["deployment"]}
    answer = {"plan_hash": revision["plan_hash"]}
    api("POST", "/tenants/{tenant}/deployments/{id}/apply/", answer, **deployment)
    return deployment


def states_of_hosts(api: Api, deployment: str) -> list[str]:
    hosts = api("GET", "/tenants/{tenant}/hosts/", tenant="acme", deployment=deployment)["results"]
    return [host["state"] for host in hosts]


def wait_for(find: Any, wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (found := find()) != wanted:
        assert time.monotonic() < deadline, f"Still {found}, not {wanted}."
        time.sleep(0.5)
