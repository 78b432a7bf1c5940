"""One pretend Azure for all tests; each takes subscriptions of its own, and the unmodified SDKs."""

import json
import re
import uuid
from types import SimpleNamespace

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.rest import HttpRequest
from azure.identity import ClientAssertionCredential, ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.azure.azure import Azure
from sandbox.azure.federation import CREDENTIALS
from sandbox.azure.principals import Principal
from sandbox.azure.rbac import ASSIGNMENTS, DEFINITIONS
from sandbox.azure.resource_types import TYPES, ResourceType
from sandbox.azure.transport import in_process

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
ISSUER = "https://portal.example"
THINGS = (
    ResourceType(name="Sandbox.Tests/things", api_versions=("1",), create_seconds=60, delete_seconds=60),
    ResourceType(name="Sandbox.Tests/loads", api_versions=("1",), create_seconds=60, style="location"),
    ResourceType(name="Sandbox.Tests/slates", api_versions=("1",), create_seconds=60, style="body"),
    ResourceType(
        name="Sandbox.Tests/notes",
        api_versions=("1",),
        required=("properties.text",),
        also_writes=lambda resource, body: [("Sandbox.Tests/ink/write", resource.group_id)] * ("ink" in body),
        also_deletes=lambda note: [("Sandbox.Tests/ink/delete", note["id"])] * ("ink" in note),
    ),
    ResourceType(name="Sandbox.Tests/notes/lines", api_versions=("1",), needs_location=False),
)


@pytest.fixture(autouse=True)
def _made_up_types(monkeypatch):
    for kind in THINGS:
        monkeypatch.setitem(TYPES, kind.name.lower(), kind)


@pytest.fixture(scope="session")
def running_azure():
    return Azure()


@pytest.fixture
def azure(running_azure):
    yield running_azure
    running_azure.reset()


@pytest.fixture
def new_owner(azure):
    """Make the owner of a subscription that nobody has used yet."""

    def make(directory=None):
        owner = azure.add_subscription(str(uuid.uuid4()), directory or str(uuid.uuid4()))
        azure.world.subscription(owner.subscription_id).providers["sandbox.tests"] = "Registered"
        return owner

    return make


@pytest.fixture
def owner(new_owner):
    return new_owner()


@pytest.fixture
def secret_of(azure):
    """The credential of an owner, as azure-identity makes it."""

    def make(owner, **options):
        options = {"transport": in_process(azure), "retry_total": 0, **options}
        return ClientSecretCredential(
            owner.directory_id,
            owner.client_id,
            owner.client_secret,
            disable_instance_discovery=True,
            **options,
        )

    return make


@pytest.fixture
def client(azure, owner, secret_of):
    """Make a client: ``client()`` for the owner, ``client(credential)``; it does not retry."""

    def make(credential=None, subscription="", **options):
        options = {"transport": in_process(azure), "retry_total": 0, "polling_interval": 0.001, **options}
        return ResourceManagementClient(
            credential or secret_of(owner), subscription or owner.subscription_id, **options
        )

    return make


@pytest.fixture
def sdk(client):
    return client()


@pytest.fixture
def send(sdk, owner):
    """Send a request below the subscription: ``send("GET", "/locations")`` → status, body, headers."""

    def ask(method, path, body=None, *, api="2022-12-01", by=None, **headers):
        joint = "&" if "?" in path else "?"
        url = f"/subscriptions/{owner.subscription_id}{path}{joint}api-version={api}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = (by or sdk).send_request(HttpRequest(method, url, json=body, headers=named))
        return SimpleNamespace(
            status=given.status_code, body=json.loads(given.text() or "null"), headers=given.headers
        )

    return ask


@pytest.fixture
def code():
    """What a call ended with: ``ok`` or Azure's code."""

    def ended(call, *arguments, **options):
        try:
            call(*arguments, **options)
        except ClientAuthenticationError as error:
            number = re.search(r"AADSTS\d+", error.message)
            return number[0] if number else error.error.code
        except HttpResponseError as error:
            return error.error.code
        return "ok"

    return ended


@pytest.fixture
def group(sdk, owner):
    """The id of a resource group."""
    sdk.resource_groups.create_or_update("g", {"location": "eastus"})
    return f"/subscriptions/{owner.subscription_id}/resourceGroups/g"


@pytest.fixture
def put(sdk, group):
    """Make a resource in the group and wait: ``put("Sandbox.Tests/notes", "n", {"text": "…"})``."""

    def make(kind, name, properties=None, *, by=None, **body):
        wish = {"location": "eastus", "properties": properties or {}, **body}
        started = (by or sdk).resources.begin_create_or_update_by_id(
            f"{group}/providers/{kind}/{name}", wish, api_version="1"
        )
        return started.result()

    return make


@pytest.fixture
def issuer(azure):
    """Somebody who vouches by OpenID Connect; its documents are handed over without TLS."""
    key, documents = rsa.generate_private_key(public_exponent=65537, key_size=2048), {}
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    documents[f"{ISSUER}/.well-known/openid-configuration"] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}
    documents[f"{ISSUER}/jwks"] = {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}
    before, azure.federation.fetch = azure.federation.fetch, documents.__getitem__

    def sign(algorithm="RS256", kid="one", signer=key, **claims):
        from time import time

        told = {"iss": ISSUER, "aud": "api://AzureADTokenExchange", "sub": "somebody", "exp": time() + 300}
        return jwt.encode({**told, **claims}, signer, algorithm, headers={"kid": kid})

    yield SimpleNamespace(url=ISSUER, documents=documents, sign=sign, key=key)
    azure.federation.fetch = before


@pytest.fixture
def new_identity(azure, owner):
    """Make a managed identity for whom the issuer vouches, with a custom role in the subscription."""

    def make(
        name="enclave-tester", actions=(), *, subject="somebody", scope="", not_actions=(), issuer_url=ISSUER
    ):
        subscription = f"/subscriptions/{owner.subscription_id}"
        resource = f"{subscription}/resourceGroups/g/providers/{IDENTITIES}/{name}"
        made = Principal(str(uuid.uuid4()), str(uuid.uuid4()), owner.directory_id, name, resource)
        azure.world.principals.add(made)
        credential = {"issuer": issuer_url, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
        _put(azure, f"{resource}/federatedIdentityCredentials/portal", CREDENTIALS, credential)
        role = f"{subscription}/providers/{DEFINITIONS}/{uuid.uuid4()}"
        granted = [{"actions": list(actions), "notActions": list(not_actions)}]
        definition = {"roleName": name, "permissions": granted, "assignableScopes": [subscription]}
        _put(azure, role, DEFINITIONS, definition)
        assignment = {"principalId": made.object_id, "roleDefinitionId": role, "scope": scope or subscription}
        _put(
            azure, f"{scope or subscription}/providers/{ASSIGNMENTS}/{uuid.uuid4()}", ASSIGNMENTS, assignment
        )
        return made

    return make


@pytest.fixture
def federated(azure):
    """The credential of a managed identity, by an assertion of the issuer."""

    def make(identity, assertion, directory=""):
        return ClientAssertionCredential(
            directory or identity.directory,
            identity.client_id,
            lambda: assertion,
            transport=in_process(azure),
            retry_total=0,
        )

    return make


@pytest.fixture
def acting(client, federated, issuer):
    """A client that acts as a managed identity."""
    return lambda identity, **options: client(federated(identity, issuer.sign()), **options)


def _put(azure, path, kind, properties):
    azure.world.put({"id": path, "name": path.rsplit("/", 1)[1], "type": kind, "properties": properties})
