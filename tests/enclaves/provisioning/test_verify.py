from dataclasses import replace

import pytest

from enclaves.models import CloudAccount
from enclaves.providers.base import Outcome
from enclaves.services import accounts
from tenants.gate import Actor
from tenants.models import AuditEvent
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


@pytest.fixture
def verified(account, work_until_quiet, in_acme):
    work_until_quiet()
    account.refresh_from_db()
    return account


def again(account, work_until_quiet):
    work_until_quiet()
    account.refresh_from_db()
    return account


def outcomes(account, enclave=None):
    return dict(account.checks.filter(enclave=enclave).values_list("code", "outcome"))


def test_the_checks_stand_there_before_the_first_look(account, in_acme):
    assert outcomes(account) == dict.fromkeys(["assume", "strangers", "permissions", "holder"], "waiting")
    assert account.state == "pending"


def test_an_account_whose_checks_all_pass_is_verified_and_held(verified):
    assert (verified.state, verified.holds) == ("verified", True)
    assert set(outcomes(verified).values()) == {"passed"}
    assert AuditEvent.objects.filter(action="account.verified", actor="verifier").count() == 1


def test_a_missing_permission_degrades_a_verified_account(verified, cloud, work_until_quiet):
    cloud.outcomes["permissions"] = Outcome.FAILED

    account = again(verified, work_until_quiet)

    assert (account.state, account.holds, account.problem) == (
        "degraded",
        True,
        "The roles may do what they must",
    )


def test_a_degraded_account_recovers_by_itself(verified, cloud, work_until_quiet):
    cloud.outcomes["permissions"] = Outcome.FAILED
    again(verified, work_until_quiet)
    cloud.outcomes.clear()

    assert again(verified, work_until_quiet).state == "verified"


def test_an_account_that_lets_strangers_in_is_insecure(account, cloud, work_until_quiet, in_acme):
    cloud.outcomes["strangers"] = Outcome.FAILED

    account = again(account, work_until_quiet)

    assert (account.state, account.holds, account.takes_changes) == ("insecure", False, False)


def test_an_account_that_was_verified_and_lets_strangers_in_is_insecure(verified, cloud, work_until_quiet):
    cloud.outcomes["strangers"] = Outcome.FAILED

    assert again(verified, work_until_quiet).state == "insecure"


@pytest.mark.parametrize("code", ["assume", "strangers", "permissions"])
def test_an_unclear_answer_is_no_pass(account, cloud, work_until_quiet, in_acme, code):
    cloud.outcomes[code] = Outcome.UNKNOWN

    account = again(account, work_until_quiet)

    assert (account.state in {"pending", "verifying"}, account.holds) == (True, False)


def test_an_unclear_answer_takes_nothing_from_a_verified_account(verified, cloud, work_until_quiet):
    cloud.outcomes["strangers"] = Outcome.UNKNOWN

    assert again(verified, work_until_quiet).state == "verified"


def test_an_account_that_does_not_answer_stays_pending(account, cloud, work_until_quiet, in_acme):
    cloud.outcomes["assume"] = Outcome.FAILED

    for _ in range(3):
        assert again(account, work_until_quiet).state == "pending"
    assert not AuditEvent.objects.filter(action__in=["account.pending", "account.verifying"]).exists()


def test_a_second_claimant_learns_of_the_holder_only_after_its_own_proof(
    verified, globex, actor, cloud, work_until_quiet
):
    other: Actor = actor(Role.ADMIN, globex)
    with tenant_scope(globex.pk):
        claim = accounts.register_account(by=other, account=ACCOUNT)
        cloud.outcomes["permissions"] = Outcome.FAILED
        work_until_quiet()
        claim.refresh_from_db()
        assert (claim.state, outcomes(claim)["holder"]) == ("verifying", "waiting")

        cloud.outcomes.clear()
        work_until_quiet()
        claim.refresh_from_db()
        assert (claim.state, claim.holds, outcomes(claim)["holder"]) == ("verifying", False, "failed")


def test_the_database_allows_one_holder_even_if_the_service_is_wrong(verified, globex, actor):
    from django.db import IntegrityError, transaction

    with tenant_scope(globex.pk):
        claim = accounts.register_account(by=actor(Role.ADMIN, globex), account=ACCOUNT)
        with pytest.raises(IntegrityError, match="account_one_holder"), transaction.atomic():
            CloudAccount.objects.filter(pk=claim.pk).update(holds=True)


def test_a_broken_zone_stops_changes_in_its_account(enclave, cloud, work_until_quiet, in_acme):
    cloud.outcomes["subnets"] = Outcome.FAILED

    account = again(enclave.account, work_until_quiet)
    enclave.refresh_from_db()

    assert (enclave.state, account.state) == ("degraded", "degraded")
    assert "A subnet in each availability zone" in account.problem


def test_a_zone_whose_template_is_not_applied_yet_degrades_nothing(
    account, cloud, admin, work_until_quiet, in_acme
):
    from enclaves.services import enclaves
    from tests.enclaves.conftest import ZONE

    cloud.outcomes["network"] = Outcome.FAILED
    enclave = enclaves.create_enclave(account, by=admin, zone=ZONE)
    account = again(account, work_until_quiet)
    enclave.refresh_from_db()

    assert (enclave.state, account.state) == ("pending", "verified")


def test_a_proved_zone_keeps_what_was_found(enclave, in_acme):
    enclave.refresh_from_db()

    assert (enclave.state, enclave.resources) == ("ready", {"vpc": "vpc-1"})


def test_offers_that_can_not_be_read_say_nothing_about_the_zone(
    account, cloud, admin, work_until_quiet, in_acme
):
    from enclaves.providers.base import ProviderError, Trouble
    from enclaves.services import enclaves
    from tests.enclaves.conftest import ZONE

    cloud.errors["offers"] = [ProviderError("Slow down.", trouble=Trouble.THROTTLED)]
    enclave = enclaves.create_enclave(account, by=admin, zone=ZONE)
    work_until_quiet()

    enclave.refresh_from_db()
    assert (enclave.state, set(outcomes(account, enclave).values())) == ("ready", {"passed"})


def learning(cloud, **facts):
    plain = cloud.prove_account
    cloud.prove_account = lambda: (replace(finding, facts=facts) for finding in plain())


def test_what_a_proof_learns_of_an_account_is_kept_until_another_learns_better(
    account, cloud, work_until_quiet, in_acme
):
    learning(cloud, logical_zones={"eastus": {"eastus-az1": "2"}}, region="eastus")
    assert again(account, work_until_quiet).facts["logical_zones"] == {"eastus": {"eastus-az1": "2"}}

    learning(cloud, logical_zones={"eastus": {"eastus-az1": "3"}})
    assert again(account, work_until_quiet).facts == {
        "logical_zones": {"eastus": {"eastus-az1": "3"}},
        "region": "eastus",
    }


def test_a_zones_proof_tells_how_many_machines_the_account_may_still_have(
    enclave, cloud, work_until_quiet, in_acme
):
    plain = cloud.prove_zone
    cloud.prove_zone = lambda place: replace(plain(place), quota={"": 64, "standardDpsv6Family": 32})

    work_until_quiet()

    enclave.refresh_from_db()
    assert enclave.quota == {"": 64, "standardDpsv6Family": 32}


def test_a_proof_of_an_identity_that_was_changed_meanwhile_decides_nothing(
    account, cloud, work_until_quiet, in_acme
):
    plain, changed, before = cloud.prove_account, "c11e0000-0000-4000-8000-000000000002", []

    def while_somebody_hands_in_another():
        before.append(CloudAccount.objects.get(pk=account.pk).state)
        CloudAccount.objects.filter(pk=account.pk, azure_client_id="").update(azure_client_id=changed)
        yield from plain()

    cloud.prove_account = while_somebody_hands_in_another

    assert again(account, work_until_quiet).state == "verified"
    assert before == ["pending", "verifying"]
