import pytest

FEATURE = "/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
REGISTRATION = (
    "/providers/Microsoft.Features/featureProviders/Microsoft.Compute"
    "/subscriptionFeatureRegistrations/EncryptionAtHost"
)


def test_a_provider_is_registered_by_whom_it_concerns(sdk):
    before = sdk.providers.get("microsoft.compute")

    sdk.providers.register("Microsoft.Compute")

    states = [before.registration_state, sdk.providers.get("Microsoft.Compute").registration_state]
    assert (before.namespace, states) == ("Microsoft.Compute", ["NotRegistered", "Registered"])


def test_a_provider_tells_the_types_and_versions_that_are_modelled(sdk):
    told = {
        kind.resource_type: kind.api_versions for kind in sdk.providers.get("Sandbox.Tests").resource_types
    }

    assert told["notes"] == ["1"]


def test_all_providers_are_listed_in_one_call(sdk):
    listed = {one.namespace: one.registration_state for one in sdk.providers.list()}

    assert (listed["Sandbox.Tests"], listed["Microsoft.Network"]) == ("Registered", "NotRegistered")


def test_a_namespace_that_is_not_modelled_is_refused(sdk, code):
    assert code(sdk.providers.get, "Microsoft.Sql") == "InvalidResourceNamespace"


def test_who_may_only_read_registers_nothing(sdk, new_identity, acting, code):
    reader = acting(new_identity(actions=["*/read"]))

    refused = code(reader.providers.register, "Microsoft.Compute")

    assert (refused, sdk.providers.get("Microsoft.Compute").registration_state) == (
        "AuthorizationFailed",
        "NotRegistered",
    )


@pytest.mark.parametrize(("method", "path"), [("PUT", REGISTRATION), ("POST", f"{FEATURE}/register")])
def test_a_feature_takes_a_while_to_be_registered(azure, send, owner, method, path):
    azure.behaviour.change(pace=1)
    states = [send("GET", FEATURE, api="2021-07-01").body["properties"]["state"]]

    send(method, path, {}, api="2021-07-01")
    states.append(send("GET", FEATURE, api="2021-07-01").body["properties"]["state"])
    azure.world.clock.advance(900)
    states.append(send("GET", FEATURE, api="2021-07-01").body["properties"]["state"])

    assert states == ["NotRegistered", "Registering", "Registered"]
    assert azure.world.has_feature(owner.subscription_id, "Microsoft.Compute", "EncryptionAtHost")


def test_a_feature_that_is_not_modelled_is_refused(send):
    given = send("PUT", REGISTRATION.replace("EncryptionAtHost", "Other"), {}, api="2021-07-01")

    assert (given.status, given.body["error"]["code"]) == (404, "FeatureNotFound")
