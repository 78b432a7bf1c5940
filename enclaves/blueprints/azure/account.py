"""The account template: the identities that the portal works as, their roles, and whom they trust."""

from enclaves.blueprints.azure import arm
from enclaves.blueprints.azure.manifest import DEFINITIONS, GIVING_IDENTITY, OBSERVING, Definition
from enclaves.blueprints.azure.names import (
    ACCOUNT,
    ACCOUNT_GROUP,
    AUDIENCE,
    ENCRYPTION_AT_HOST,
    FEDERATED_CREDENTIAL,
    HOST,
    IDENTITY,
    OBSERVER,
    PORTAL_ROLES,
    PROVISIONER,
    ROLES,
    group_id,
    guid,
    identity_id,
    resource_id,
    role_id,
    role_name,
    subject,
    subscription_id,
)
from enclaves.blueprints.azure.versions import (
    DEPLOYMENTS,
    FEATURES,
    FEDERATED_CREDENTIALS,
    GROUPS,
    IDENTITIES,
    ROLE_DEFINITIONS,
)
from enclaves.blueprints.base import TEMPLATE_VERSION, Binding

DESCRIPTION = (
    "Enclave Portal: account template, version {version}, for subscription {account}. "
    "You apply it with your own rights. It makes a resource group with three identities, and their roles: "
    "enclave-observer reads what the portal and these templates made; enclave-provisioner launches and ends "
    "hosts, only in the resource groups of your zones; enclave-host is what a host itself may do: add its "
    "logs to the archive. The first two trust one issuer and one subject, made for this registration; no "
    "secret exists. To end all access, delete the resource group enclave, and the role assignments of its "
    "identities: Azure would not give those to new ones, should you come back."
)

DEFAULT_LOCATION = "eastus"
DEPLOYMENT = "enclave-identities"
CLIENT_ID = "observerClientId"


def account_template(binding: Binding, definitions: tuple[Definition, ...] = DEFINITIONS) -> str:
    return arm.render(
        arm.template(
            _resources(binding, definitions),
            description=DESCRIPTION.format(version=TEMPLATE_VERSION, account=binding.account),
            parameters={
                "subscription": arm.right_subscription(binding.account),
                "location": arm.choice(
                    "string", DEFAULT_LOCATION, "Where the identities are kept. They work everywhere."
                ),
            },
            outputs={
                CLIENT_ID: arm.reference(identity_id(binding.account, OBSERVER), IDENTITIES, "clientId")
            },
        )
    )


def _resources(binding: Binding, definitions: tuple[Definition, ...]) -> list[arm.Node]:
    account = binding.account
    return [
        arm.resource(
            GROUPS,
            ACCOUNT_GROUP,
            location=arm.parameter("location"),
            tags=arm.tags(binding.registration, ACCOUNT),
        ),
        # Until this is done, which takes Azure minutes, no host can be launched.
        arm.resource(FEATURES, ENCRYPTION_AT_HOST, properties={}),
        *(_role(account, definition) for definition in definitions),
        _identities(binding),
        arm.assignment(
            guid(subscription_id(account), OBSERVING.title, OBSERVER),
            role_id(account, OBSERVING.title),
            principal(account, OBSERVER),
            after=[role_id(account, OBSERVING.title), _deployment_id(account)],
        ),
    ]


def principal(account: str, role: str) -> str:
    """Name who an identity of the account template is, for a role assignment."""
    return arm.reference(identity_id(account, role), IDENTITIES, "principalId")


def _role(account: str, definition: Definition) -> arm.Node:
    return arm.resource(
        ROLE_DEFINITIONS,
        guid(account, definition.title),
        properties={
            "roleName": role_name(account, definition.title),
            "description": f"Enclave Portal: {definition.purpose}",
            "type": "CustomRole",
            "permissions": [
                {
                    "actions": definition.actions,
                    "notActions": [],
                    "dataActions": definition.data_actions,
                    "notDataActions": [],
                }
            ],
            "assignableScopes": [subscription_id(account)],
        },
    )


def _identities(binding: Binding) -> arm.Node:
    account = binding.account
    made = [_identity(binding, role) for role in ROLES]
    trust = [_trust(binding, role) for role in PORTAL_ROLES]
    return arm.nested(
        DEPLOYMENT,
        ACCOUNT_GROUP,
        [*made, *trust, _may_give_identity(account)],
        parameters={"location": "string"},
        after=[group_id(account, ACCOUNT_GROUP), role_id(account, GIVING_IDENTITY.title)],
    )


def _identity(binding: Binding, role: str) -> arm.Node:
    return arm.resource(
        IDENTITIES,
        role,
        location=arm.parameter("location"),
        tags=arm.tags(binding.registration, IDENTITY),
    )


def _trust(binding: Binding, role: str) -> arm.Node:
    return arm.resource(
        FEDERATED_CREDENTIALS,
        f"{role}/{FEDERATED_CREDENTIAL}",
        after=[identity_id(binding.account, role)],
        properties={
            "issuer": binding.issuer,
            "subject": subject(binding.tenant, binding.account, role),
            "audiences": [AUDIENCE],
        },
    )


def _may_give_identity(account: str) -> arm.Node:
    host = identity_id(account, HOST)
    return arm.assignment(
        guid(host, GIVING_IDENTITY.title, PROVISIONER),
        role_id(account, GIVING_IDENTITY.title),
        principal(account, PROVISIONER),
        scope=host,
        after=[host, identity_id(account, PROVISIONER)],
    )


def _deployment_id(account: str) -> str:
    return resource_id(account, ACCOUNT_GROUP, DEPLOYMENTS, DEPLOYMENT)
