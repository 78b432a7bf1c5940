import pytest

from tests.sandbox.azure.types.bodies import DIRECTORY, IDENTITY, credential, spoiled

WHO = f"{IDENTITY}/host"
TRUST = f"{WHO}/federatedIdentityCredentials"
PLAIN = {"location": "eastus"}


@pytest.fixture
def identity(cloud):
    return cloud.put(WHO, PLAIN)


def test_an_identity_is_a_principal_of_the_directory(cloud, identity):
    facts = identity["properties"]

    principal = cloud.world.principals.get(facts["principalId"])
    assert (principal.client_id, principal.directory, principal.name) == (
        facts["clientId"],
        DIRECTORY,
        "host",
    )
    assert facts["tenantId"] == DIRECTORY


def test_an_identity_stays_who_it_is(cloud, identity):
    again = cloud.put(WHO, {**PLAIN, "properties": {"principalId": "somebody else"}})

    assert again["properties"] == identity["properties"]


def test_an_identity_that_is_gone_is_no_principal(cloud, identity):
    cloud.delete(WHO)

    assert cloud.world.principals.get(identity["properties"]["principalId"]) is None


@pytest.mark.parametrize("name", ["ab", "_host", "h.st"])
def test_an_identity_has_a_name_of_its_kind(cloud, name):
    assert cloud.refusal(f"{IDENTITY}/{name}", PLAIN) == "InvalidResourceName"


@pytest.mark.usefixtures("identity")
def test_an_identity_trusts_one_subject_of_one_issuer(cloud):
    made = cloud.put(f"{TRUST}/portal", credential())

    wish = credential()["properties"]
    assert {fact: made["properties"][fact] for fact in wish} == wish


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("properties.issuer", None, "InvalidParameter"),
        ("properties.issuer", "http://portal.example", "BadRequest"),
        ("properties.issuer", "https://portal.example ", "BadRequest"),
        ("properties.subject", "", "BadRequest"),
        ("properties.subject", "a b", "BadRequest"),
        ("properties.subject", "s" * 601, "BadRequest"),
        ("properties.audiences", [], "BadRequest"),
        ("properties.audiences", ["a", "b"], "BadRequest"),
        ("properties.audiences", "a", "InvalidRequestContent"),
        ("properties.claimsMatchingExpression", {}, "InvalidRequestContent"),
    ],
)
def test_trust_is_exact(cloud, path, value, code):
    assert cloud.refusal(f"{TRUST}/portal", spoiled(credential(), path, value)) == code


@pytest.mark.usefixtures("identity")
def test_a_subject_of_an_issuer_is_trusted_once(cloud):
    cloud.put(f"{TRUST}/portal", credential())

    assert cloud.refusal(f"{TRUST}/again", credential()) == "Conflict"
    assert cloud.put(f"{TRUST}/other", credential("role:provisioner")) is not None
    assert cloud.put(f"{TRUST}/portal", credential("role:else")) is not None


@pytest.mark.usefixtures("identity")
def test_an_identity_trusts_twenty_at_most(cloud):
    for number in range(20):
        cloud.put(f"{TRUST}/portal-{number}", credential(f"role:{number}"))

    assert cloud.refusal(f"{TRUST}/portal-20", credential("role:20")) == "BadRequest"


@pytest.mark.usefixtures("identity")
def test_two_are_not_written_at_once(cloud):
    cloud.start(f"{TRUST}/first", credential("role:first"))

    code = cloud.refusal(f"{TRUST}/second", credential("role:second"))

    assert code == "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
    cloud.world.tick()
    assert cloud.put(f"{TRUST}/second", credential("role:second")) is not None


def test_a_credential_has_an_identity(cloud):
    assert cloud.refusal(f"{TRUST}/portal", credential()) == "ParentResourceNotFound"
