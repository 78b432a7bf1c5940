import pytest
from django.core.exceptions import PermissionDenied

from enclaves.models import Application, Deployment, Host, Operation, Revision
from enclaves.services import accounts, deployments, enclaves
from enclaves.services.deployments import PlanChanged
from enclaves.services.spec import InvalidSpec
from tenants.errors import Refused
from tenants.models import AuditEvent
from tenants.policy import Role
from tests.enclaves.conftest import spec_text

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "system"]),
    pytest.mark.usefixtures("enclave", "in_acme"),
]


def submit(by, **facts):
    return deployments.submit_spec(by=by, source=spec_text(**facts))


def apply(revision, by):
    return deployments.apply_plan(revision, by=by, plan_hash=revision.plan_hash)


def test_submitting_makes_a_plan_and_no_host(admin):
    revision = submit(admin, hosts=3)

    assert (revision.number, len(revision.plan["create"])) == (1, 3)
    assert (Host.objects.count(), Operation.objects.count()) == (0, 0)
    assert revision.deployment.state == "planned"


def test_the_same_rows_give_the_same_plan_under_a_new_number(admin):
    first, second = submit(admin), submit(admin)

    assert (first.plan, second.number) == (second.plan, 2)


def test_applying_writes_the_hosts_the_operation_and_the_audit(admin):
    revision = submit(admin, hosts=2)
    operation = apply(revision, admin)

    assert sorted(Host.objects.values_list("name", "state")) == [
        ("query-1", "planned"),
        ("query-2", "planned"),
    ]
    assert (operation.state, operation.kind, operation.revision) == ("queued", "deploy", revision)
    assert AuditEvent.objects.get(action="plan.applied").detail["plan_hash"] == revision.plan_hash


def test_a_plan_that_is_no_longer_true_is_made_again_and_not_applied(admin):
    stale = submit(admin, hosts=3)
    apply(submit(admin, hosts=1), admin)
    newest = submit(admin, hosts=3)
    Host.objects.update(want_to_retire=True)

    with pytest.raises(PlanChanged) as caught:
        apply(newest, admin)

    newest.refresh_from_db()
    assert (caught.value.revision.plan_hash, len(newest.plan["create"])) == (newest.plan_hash, 3)
    assert newest.applied_at is None
    assert Host.objects.count() == 1
    assert stale.applied_at is None


def test_a_wrong_hash_applies_nothing(admin):
    revision = submit(admin)

    with pytest.raises(PlanChanged):
        deployments.apply_plan(revision, by=admin, plan_hash="sha256:0")

    assert Host.objects.count() == 0


def test_a_revision_is_applied_once_and_never_after_a_newer_one(admin):
    old, new = submit(admin, hosts=1), submit(admin, hosts=2)
    apply(new, admin)

    for revision in (old, new):
        with pytest.raises(Refused, match="Revision 2 was applied already"):
            apply(revision, admin)
    assert Host.objects.count() == 2


def test_a_newer_plan_supersedes_the_operation_of_the_older(admin):
    first = apply(submit(admin, hosts=1), admin)
    apply(submit(admin, hosts=2), admin)

    first.refresh_from_db()
    assert (first.state, first.outcome) == ("cancelled", "Superseded: revision 2 was applied.")


def test_an_unknown_enclave_is_named_with_its_line(admin):
    with pytest.raises(InvalidSpec) as caught:
        submit(admin, account="aws:999999999999")

    fault = caught.value.faults[0]
    assert (fault.field, fault.line, fault.message) == (
        "enclave",
        2,
        "acme has no enclave aws:999999999999/prod.aws-us-east-1c.",
    )
    assert (Application.objects.count(), Deployment.objects.count(), Revision.objects.count()) == (0, 0, 0)


def test_a_machine_that_does_not_exist_is_named_with_its_line(admin):
    source = spec_text().replace("vcpu: 8", "vcpu: 96")

    with pytest.raises(InvalidSpec) as caught:
        deployments.submit_spec(by=admin, source=source)

    assert [(fault.field, fault.line) for fault in caught.value.faults] == [("clusters.0.machine", 7)]
    assert Application.objects.count() == 0


def test_globex_can_not_name_the_enclave_of_acme(actor, globex):
    from tenants.scope import tenant_scope

    with tenant_scope(globex.pk), pytest.raises(InvalidSpec, match="globex has no enclave"):
        submit(actor(Role.ADMIN, globex))


@pytest.mark.parametrize("role", [Role.READER])
def test_a_reader_plans_and_applies_nothing(admin, actor, role):
    revision = submit(admin)
    reader = actor(role)

    for intent in (
        lambda: submit(reader),
        lambda: apply(revision, reader),
        lambda: deployments.retire_deployment(revision.deployment, by=reader),
    ):
        with pytest.raises(PermissionDenied):
            intent()
    assert (Revision.objects.count(), Host.objects.count()) == (1, 0)


def test_a_developer_deploys(actor):
    developer = actor(Role.DEVELOPER)

    assert apply(submit(developer), developer).asked_by == developer.label


def test_frozen_takes_no_plan(admin, account):
    revision = submit(admin)
    accounts.freeze_account(account, by=admin)

    with pytest.raises(Refused, match="frozen"):
        apply(revision, admin)
    assert Host.objects.count() == 0


def test_an_enclave_with_a_deployment_is_not_removed(admin, enclave):
    submit(admin)

    with pytest.raises(Refused, match="recommender"):
        enclaves.remove_enclave(enclave, by=admin)


def test_retiring_marks_every_host_and_takes_no_new_spec(admin):
    revision = submit(admin, hosts=2)
    apply(revision, admin)
    deployments.retire_deployment(revision.deployment, by=admin)

    assert set(Host.objects.values_list("want_to_retire", flat=True)) == {True}
    with pytest.raises(InvalidSpec, match="being retired"):
        submit(admin)
