"""An Azure subscription of a tenant, as its owner and as the portal see it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from enclaves.blueprints import TEMPLATE_VERSION, Binding, blueprint
from enclaves.blueprints.azure.names import AUDIENCE, ROLES, deployment_name, identity_id, role_id
from enclaves.providers.azure import AzureConfig, AzureProvider
from enclaves.providers.azure.versions import FEATURE, IDENTITY, MACHINE, ROLE_DEFINITION, VERSIONS
from enclaves.providers.base import Claim, HostOrder, Place
from sandbox.azure.azure import Azure
from sandbox.azure.transport import in_process
from sandbox.azure.types.compute.galleries import PUBLIC_NAME
from sandbox.azure.wire import Request

PLACE = Place("prod.azure-eastus-az1", "eastus", ("eastus-az1",), TEMPLATE_VERSION)
ISSUER_URL = "https://portal.example.com"
FEDERATED_CREDENTIALS = "federatedIdentityCredentials"
FEATURES = "Microsoft.Features/featureProviders/Microsoft.Compute/subscriptionFeatureRegistrations"
DEPLOYMENTS_VERSION = "2025-04-01"


class TestIssuer:
    """The portal as an issuer of assertions: one key, and the two documents that Entra fetches."""

    __test__ = False

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signed: list[str] = []

    def sign(self, subject: str) -> str:
        self.signed.append(subject)
        now = int(time.time())
        claims = {
            "iss": ISSUER_URL,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self._key, "RS256", headers={"kid": "one"})

    def fetch(self, url: str) -> Any:
        if url.endswith("openid-configuration"):
            return {"issuer": ISSUER_URL, "jwks_uri": f"{ISSUER_URL}/keys"}
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}


@dataclass
class TenantSubscription:
    azure: Azure
    issuer: TestIssuer
    number: str = field(default_factory=lambda: str(uuid4()))
    directory: str = field(default_factory=lambda: str(uuid4()))
    tenant: str = field(default_factory=lambda: str(uuid4()))
    canary_tenant: str = field(default_factory=lambda: str(uuid4()))
    registration: str = field(default_factory=lambda: str(uuid4()))
    client_id: str = ""

    def __post_init__(self) -> None:
        self._owner = self.azure.add_subscription(self.number, self.directory)

    @property
    def binding(self) -> Binding:
        zones = {physical: logical for logical, physical in self.zones.items()}
        return Binding(
            account=self.number,
            registration=self.registration,
            external_id="",
            portal_principal="",
            image_owner=PUBLIC_NAME,
            tenant=self.tenant,
            directory=self.directory,
            facts={"logical_zones": {PLACE.region: zones}},
            issuer=ISSUER_URL,
        )

    @property
    def claim(self) -> Claim:
        return Claim(
            account=self.number,
            registration=self.registration,
            external_id="",
            canary_id="",
            template_version=TEMPLATE_VERSION,
            tenant=self.tenant,
            directory=self.directory,
            client_id=self.client_id,
            canary_tenant=self.canary_tenant,
        )

    @property
    def zones(self) -> Mapping[str, str]:
        """What this subscription calls the zones of the region: logical to physical."""
        return self.azure.world.zones(self.number, PLACE.region)

    @property
    def config(self) -> AzureConfig:
        return AzureConfig(
            ISSUER_URL, self.issuer.sign, image_gallery=PUBLIC_NAME, transport=in_process(self.azure)
        )

    def provider(self, **changes: Any) -> AzureProvider:
        return AzureProvider(replace(self.claim, **changes), self.config)

    def apply_account(self) -> None:
        outputs = self.deploy(blueprint("azure").account_template(self.binding), deployment_name())
        self.client_id = outputs["observerClientId"]["value"]
        feature = self.owner("GET", f"{FEATURES}/EncryptionAtHost", version=VERSIONS[FEATURE])
        assert feature["properties"]["state"] == "Registered"

    def apply_zone(self, place: Place = PLACE) -> None:
        template = blueprint("azure").zone_template(self.binding, place)
        self.deploy(template, deployment_name(place.zone))

    def deploy(self, template: str, name: str) -> dict[str, Any]:
        """Deploy a template with the owner's rights, and return its outputs."""
        body = {
            "location": PLACE.region,
            "properties": {"mode": "Incremental", "template": json.loads(template)},
        }
        path = f"Microsoft.Resources/deployments/{name}"
        self.owner("PUT", path, body, version=DEPLOYMENTS_VERSION)
        for _ in range(200):
            properties = self.owner("GET", path, version=DEPLOYMENTS_VERSION)["properties"]
            if properties["provisioningState"] not in ("Accepted", "Running"):
                break
            self.azure.world.clock.advance(30)
        assert properties["provisioningState"] == "Succeeded", properties
        return dict(properties.get("outputs", {}))

    def owner(self, method: str, path: str, body: Any = None, version: str = "") -> dict[str, Any]:
        """Call Azure as the subscription's owner; a path without a scope is the subscription's."""
        full = path if path.startswith("/") else f"/subscriptions/{self.number}/providers/{path}"
        principal = self.azure.world.principals.get(self._owner.object_id)
        assert principal is not None
        headers = {"Authorization": f"Bearer {self.azure.entra.issue(principal)}"}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self.azure.answer(Request.read(method, f"{full}?api-version={version}", headers, raw))
        told = json.loads(answer.body) if answer.body else {}
        assert answer.status < 400, (method, path, told)
        return dict(told)

    def change(self, kind: str, path: str, **properties: Any) -> None:
        """Change settings of a resource as its owner: ``change(VAULT, path, createMode="recover")``."""
        found = self.owner("GET", path, version=VERSIONS[kind])
        body = {**found, "properties": {**found["properties"], **properties}}
        self.owner("PUT", path, body, version=VERSIONS[kind])

    def spoil(self, resource_id: str, **properties: Any) -> None:
        """Change what a resource says of itself, past whatever Azure would refuse."""
        found = self.azure.world.need(resource_id)
        found["properties"].update(properties)

    def trust_also(self, role: str, subject: str) -> None:
        """Let another subject become one of the portal's identities."""
        path = f"{identity_id(self.number, role)}/{FEDERATED_CREDENTIALS}/other"
        properties = {"issuer": ISSUER_URL, "subject": subject, "audiences": [AUDIENCE]}
        self.owner("PUT", path, {"properties": properties}, version=VERSIONS[IDENTITY])

    def distrust(self, role: str) -> None:
        path = f"{identity_id(self.number, role)}/{FEDERATED_CREDENTIALS}/portal"
        self.owner("DELETE", path, version=VERSIONS[IDENTITY])

    def regrant(self, title: str, actions: list[str]) -> None:
        """Let a role definition of ours grant these actions and no others."""
        path = role_id(self.number, title)
        found = self.owner("GET", path, version=VERSIONS[ROLE_DEFINITION])
        permissions = [{**found["properties"]["permissions"][0], "actions": actions}]
        self.change(ROLE_DEFINITION, path, permissions=permissions)

    def actions_of(self, title: str) -> list[str]:
        path = role_id(self.number, title)
        found = self.owner("GET", path, version=VERSIONS[ROLE_DEFINITION])
        return list(found["properties"]["permissions"][0]["actions"])

    def order(self, **changes: Any) -> HostOrder:
        host_id = str(uuid4())
        order = HostOrder(
            host_id=host_id,
            name="query-1",
            token=f"{host_id}-0",
            machine="Standard_D4ps_v5",
            image_id=self.image_for("arm64"),
            disk_gib=50,
            availability_zone_id="eastus-az1",
            confidential="none",
            tags={"enclave:tenant": "acme"},
        )
        return replace(order, **changes)

    @staticmethod
    def image_for(architecture: str) -> str:
        return f"/CommunityGalleries/{PUBLIC_NAME}/Images/enclave-host-{architecture}/Versions/2026.11.0"

    @property
    def group(self) -> str:
        return f"/subscriptions/{self.number}/resourceGroups/{deployment_name(PLACE.zone)}"

    def machines(self) -> list[dict[str, Any]]:
        """Every machine of the subscription, as its owner sees it."""
        return list(self.owner("GET", MACHINE, version=VERSIONS[MACHINE])["value"])

    def end_all(self) -> None:
        for machine in self.machines():
            self.owner("DELETE", machine["id"], version=VERSIONS[MACHINE])

    def calls(self) -> list[str]:
        """What the portal called here."""
        return [call.action for call in self.azure.record.calls() if call.role in ROLES]

    @cached_property
    def other(self) -> str:
        return str(uuid4())
