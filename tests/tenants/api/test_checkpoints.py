import pytest

from tenants import audit, signing
from tenants.models import AuditEvent
from tenants.policy import Role
from tenants.scope import tenant_scope

CHECKPOINTS = "/api/v1/tenants/acme/audit-events/checkpoints/"


def test_a_checkpoint_is_made_once_for_each_end_of_the_chain(api, acme):
    client = api(Role.READER)

    made, again = client.post(CHECKPOINTS), client.post(CHECKPOINTS)

    assert (made.status_code, again.status_code, made.json() == again.json()) == (201, 200, True)
    assert client.get(CHECKPOINTS).json()["results"] == [made.json()]


def test_the_answer_is_the_checkpoint_as_it_was_signed(api, acme):
    made = api(Role.READER).post(CHECKPOINTS).json()

    with tenant_scope(acme.pk):
        kept = audit.document(audit.checkpoints(acme).get())
    assert made == kept
    assert signing.doubt(made) == ""


def test_a_chain_that_is_not_intact_is_a_conflict_and_gets_no_checkpoint(api, acme):
    client = api(Role.READER)
    with tenant_scope(acme.pk):
        AuditEvent.objects.filter(sequence=1).update(actor="somebody else")

    answer = client.post(CHECKPOINTS)

    assert (answer.status_code, "Event 1 was changed" in answer.json()["detail"]) == (409, True)
    assert client.get(CHECKPOINTS).json()["results"] == []


@pytest.mark.parametrize("more", [0, 3])
def test_the_list_costs_the_same_for_any_number(api, acme, more, at_most):
    client = api(Role.READER)
    client.post(CHECKPOINTS)
    with tenant_scope(acme.pk):
        for number in range(more):
            by = audit.System("worker", acme.pk)
            audit.record("host.failed", f"query-{number}", by=by)
            audit.sign(acme, audit.verify(acme), by=by)

    with at_most(9):
        results = client.get(CHECKPOINTS).json()["results"]

    assert [row["sequence"] for row in results] == sorted((row["sequence"] for row in results), reverse=True)
    assert len(results) == 1 + more
