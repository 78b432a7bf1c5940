"""User-assigned identities and the outside issuers whose word Entra takes for them."""

import re

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.principals import Principal
from sandbox.azure.resource_types import UNFINISHED, ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.shapes import READ_ONLY, child, choice, fit, tracked
from sandbox.azure.types.versions import IDENTITY

NAME = "Microsoft.ManagedIdentity/userAssignedIdentities"
CREDENTIAL = f"{NAME}/federatedIdentityCredentials"
MOST_CREDENTIALS = 20
LONGEST_CLAIM = 600

SHAPE = tracked(
    {
        "tenantId": READ_ONLY,
        "principalId": READ_ONLY,
        "clientId": READ_ONLY,
        "isolationScope": choice("None", "Regional"),
    }
)
CREDENTIAL_SHAPE = child({"issuer": str, "subject": str, "audiences": [str]})


def _check(write: Write) -> None:
    fit(write.body, SHAPE)


def _fill(write: Write) -> None:
    if write.old:
        had = write.old["properties"]
        write.properties.update({fact: had[fact] for fact in ("tenantId", "principalId", "clientId")})
        return
    principal, client = write.world.new_id(), write.world.new_id()
    write.properties.update(tenantId=write.directory, principalId=principal, clientId=client)
    write.world.principals.add(
        Principal(principal, client, write.directory, write.id.name, resource=write.id.text)
    )


def _check_credential(write: Write) -> None:
    fit(write.body, CREDENTIAL_SHAPE)
    siblings = [item for item in _credentials(write) if item["id"].lower() != write.id.key]
    _check_claims(write)
    if any(item["properties"].get("provisioningState") in UNFINISHED for item in siblings):
        raise ArmError(
            409,
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            "Too many Federated Identity Credentials are written concurrently for the managed identity. "
            "Concurrent writes under one managed identity are not supported.",
        )
    _check_place(write, siblings)


def _credentials(write: Write) -> list[Resource]:
    identity = write.id.parent
    return write.world.under(identity.text, CREDENTIAL) if identity else []


def _check_claims(write: Write) -> None:
    properties = write.properties
    audiences = properties["audiences"]
    if len(audiences) != 1:
        raise _bad("Federated Identity Credential must have exactly one audience.", "audiences")
    for name, text in (*((n, properties[n]) for n in ("issuer", "subject")), ("audiences", audiences[0])):
        if not text or len(text) > LONGEST_CLAIM or re.search(r"\s", text):
            raise _bad(f"The value of {name} must have 1 to {LONGEST_CLAIM} characters, none a space.", name)
    if not properties["issuer"].startswith("https://"):
        raise _bad("The issuer must be a valid URL of the scheme https.", "issuer")


def _check_place(write: Write, siblings: list[Resource]) -> None:
    own = _pair(write.body)
    if any(_pair(item) == own for item in siblings):
        raise ArmError(
            409, "Conflict", "Issuer and subject combination already exists for this Managed Identity."
        )
    if len(siblings) >= MOST_CREDENTIALS:
        raise _bad(f"A managed identity has at most {MOST_CREDENTIALS} Federated Identity Credentials.", "")


def _pair(credential: Resource) -> tuple[str, str]:
    return credential["properties"]["issuer"], credential["properties"]["subject"]


def _bad(text: str, target: str) -> ArmError:
    return refused("BadRequest", text, target)


register(
    ResourceType(
        name=NAME,
        api_versions=IDENTITY,
        name_pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
        check=_check,
        fill=_fill,
    ),
    ResourceType(
        name=CREDENTIAL,
        api_versions=IDENTITY,
        required=("properties.issuer", "properties.subject", "properties.audiences"),
        needs_location=False,
        name_pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}",
        # Longer than an instant, so that two written at once meet each other.
        create_seconds=1,
        style="body",
        check=_check_credential,
    ),
)
