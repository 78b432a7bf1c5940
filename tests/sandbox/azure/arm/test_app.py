def test_every_answer_carries_ids_to_ask_support_about(send):
    given = send("GET", "/locations", x_ms_correlation_request_id="mine")

    assert given.headers["x-ms-correlation-request-id"] == "mine"
    assert given.headers["x-ms-request-id"]


def test_calls_are_recorded_with_who_what_and_how_it_ended(azure, owner, send, new_identity, acting):
    observer = new_identity("enclave-observer", ["Microsoft.Resources/subscriptions/locations/read"])

    send("GET", "/locations", by=acting(observer))
    send("PUT", "/resourcegroups/g", {"location": "eastus"}, by=acting(observer), api="2021-04-01")

    calls = azure.record.calls(subscription=owner.subscription_id, principal=observer.object_id)
    assert [(call.role, call.action, call.outcome) for call in calls if call.action != "token"] == [
        ("enclave-observer", "Microsoft.Resources/subscriptions/locations/read", "ok"),
        ("enclave-observer", "Microsoft.Resources/subscriptions/resourceGroups/write", "AuthorizationFailed"),
    ]


def test_a_strangers_call_is_recorded_where_it_knocked(azure, owner, new_owner, client, secret_of, send):
    send("GET", "/locations", by=client(secret_of(new_owner())))

    outcomes = [call.outcome for call in azure.record.calls(subscription=owner.subscription_id)]
    assert outcomes == ["InvalidAuthenticationTokenTenant"]


def test_deployments_are_reached_through_their_addresses(send, owner):
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
            {
                "type": "Microsoft.Resources/resourceGroups",
                "apiVersion": "2025-04-01",
                "name": "made",
                "location": "eastus",
            }
        ],
    }
    path = "/providers/Microsoft.Resources/deployments"
    wish = {"location": "eastus", "properties": {"mode": "Incremental", "template": template}}

    started = send("PUT", f"{path}/d", wish, api="2025-04-01")
    state = send("GET", f"{path}/d", api="2025-04-01").body["properties"]["provisioningState"]
    steps = send("GET", f"{path}/d/operations", api="2025-04-01").body["value"]

    assert (started.status, state, len(steps)) == (201, "Succeeded", 1)
    assert "Azure-AsyncOperation" in started.headers
    assert len(send("GET", path, api="2025-04-01").body["value"]) == 1
    assert send("POST", f"{path}/d/validate", wish, api="2025-04-01").status == 200
    assert send("POST", f"{path}/d/whatIf", wish, api="2025-04-01").body["error"]["code"] == "ActionNotFound"
    assert send("HEAD", f"{path}/d", api="2025-04-01").status == 204
    assert send("DELETE", f"{path}/d", api="2025-04-01").status == 200
    assert send("GET", f"{path}/d", api="2025-04-01").status == 404
