import pytest

from enclaves.models import CloudAccount
from enclaves.services import accounts as services
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT, CLIENT_ID, DIRECTORY, SUBSCRIPTION
from tests.enclaves.views.conftest import SCRIPT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LIST, REGISTER, PAGE = "/t/acme/accounts/", "/t/acme/accounts/register/", f"/t/acme/accounts/{ACCOUNT}/"


def reloaded(account):
    with tenant_scope(account.tenant_id):
        return CloudAccount.objects.get(pk=account.pk)


def test_registering_leads_to_the_page_with_the_template(browser, zones, cloud):
    answer = browser.post(REGISTER, {"account": ACCOUNT, "title": "production"}, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "aws cloudformation deploy" in answer.text
    assert "Waiting for the template" in answer.text or "waiting for the template" in answer.text


def test_an_account_id_that_is_none_is_told_beside_the_field(browser, zones, cloud):
    answer = browser.post(REGISTER, {"account": "aws:11112222333"})

    assert "11112222333 is no AWS account id: that is 12 digits" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert not CloudAccount.objects.using("system").exists()


def test_a_developer_is_not_offered_to_register_and_may_not(browse, account):
    developer = browse(Role.DEVELOPER)

    assert REGISTER not in developer.get(LIST).text
    assert developer.get(REGISTER).status_code == 403


def test_the_page_shows_every_check_with_its_outcome(browser, account, work_until_quiet):
    work_until_quiet()

    text = browser.get(PAGE).text

    assert "The role answers, from the account you named" in text
    assert "With a random id: refused" in text
    assert "Verified: 4 of 4 checks passed" in text


def test_a_script_gets_only_the_part_that_lives(browser, account):
    answer = browser.get(PAGE, headers=SCRIPT)

    assert answer.text.lstrip().startswith('<div class="stack" id="live-standing"')
    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_the_template_can_be_downloaded_filled_in(browser, account):
    answer = browser.get(f"{PAGE}template/")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="enclave-account.yaml"'
    assert account.external_id in answer.text


def test_every_permission_stands_on_a_page_of_its_own(browser, account):
    text = browser.get(f"{PAGE}permissions/").text

    assert "ec2:RunInstances" in text
    assert "enclave-observer" in text


def test_freezing_wants_the_name_typed(browser, account):
    refused = browser.post(f"{PAGE}freeze/", {"word": "something else"})
    assert f"This is not {ACCOUNT}." in refused.text
    assert reloaded(account).frozen_at is None

    browser.post(f"{PAGE}freeze/", {"word": ACCOUNT})

    assert reloaded(account).frozen_at is not None


def test_a_freeze_can_be_lifted(browser, account, admin):
    with tenant_scope(admin.tenant_id):
        services.freeze_account(account, by=admin)

    browser.post(f"{PAGE}unfreeze/")

    assert reloaded(account).frozen_at is None


def test_a_question_is_a_page_without_script_and_a_dialog_with_it(browser, account):
    page = browser.get(f"{PAGE}remove/").text
    dialog = browser.get(f"{PAGE}remove/", headers=SCRIPT).text

    assert "<html" in page
    assert "<html" not in dialog
    assert f"Remove {ACCOUNT}?" in page
    assert f"Remove {ACCOUNT}?" in dialog


def test_removing_an_account_that_has_an_enclave_is_refused_in_words(browser, enclave):
    answer = browser.post(f"{PAGE}remove/", {"word": ACCOUNT}, follow=True)

    assert "Remove the enclaves of" in answer.text
    assert reloaded(enclave.account).state == "verified"


def test_checking_again_starts_an_operation(browser, account):
    browser.post(f"{PAGE}verify/")

    assert "Verify" in browser.get("/t/acme/operations/").text


@pytest.mark.parametrize("page", ["", "permissions/", "template/", "freeze/", "remove/"])
def test_another_tenant_finds_nothing_under_the_same_name(browse, account, globex, page):
    stranger = browse(Role.ADMIN, globex)

    assert stranger.get(f"/t/globex/accounts/{ACCOUNT}/{page}").status_code == 404
    assert stranger.get(f"{PAGE}{page}").status_code == 404


def test_the_list_costs_the_same_for_one_account_and_for_three(browser, account, admin, queries):
    one = queries(browser, LIST)
    with tenant_scope(admin.tenant_id):
        for number in ("222233334444", "333344445555"):
            services.register_account(by=admin, account=f"aws:{number}")

    assert queries(browser, LIST) == one


@pytest.mark.parametrize(
    ("role", "shown"), [(Role.ADMIN, True), (Role.DEVELOPER, False), (Role.READER, False)]
)
def test_the_external_id_is_shown_to_those_who_register(client, account, actor, role, shown):
    client.force_login(actor(role).membership.user)

    page = client.get(f"/t/acme/accounts/{account}/").content.decode()
    template = client.get(f"/t/acme/accounts/{account}/template/")
    assert (account.external_id in page) is shown
    assert template.status_code == (200 if shown else 403)


AZURE_PAGE = f"/t/acme/accounts/{SUBSCRIPTION}/"
HAND_IN = f"{AZURE_PAGE}client-id/"


def test_a_subscription_is_chosen_and_registered_by_its_number(browser, zones, cloud):
    wish = {"cloud": "azure", "account": SUBSCRIPTION.removeprefix("azure:"), "azure_tenant_id": DIRECTORY}

    answer = browser.post(REGISTER, wish, follow=True)

    assert answer.redirect_chain == [(AZURE_PAGE, 302)]
    assert "az deployment sub create --subscription" in answer.text
    assert "Azure CLI" in answer.text
    assert "External id" not in answer.text


def test_the_form_asks_for_the_cloud_and_needs_no_script(browser, zones, cloud):
    text = browser.get(REGISTER).text

    assert 'value="aws" checked' in text
    assert 'value="azure" data-needs-directory' in text
    assert 'name="azure_tenant_id"' in text


def test_a_cloud_that_is_written_outranks_the_one_that_is_chosen(browser, zones, cloud):
    answer = browser.post(REGISTER, {"cloud": "aws", "account": SUBSCRIPTION})

    assert "Name the Entra tenant that the subscription trusts" in answer.text
    assert 'value="azure" checked' in answer.text


def test_what_the_chosen_cloud_does_not_ask_for_is_not_looked_at(browser, zones, cloud):
    wish = {"cloud": "aws", "account": "111122223333", "azure_tenant_id": DIRECTORY}

    assert browser.post(REGISTER, wish).headers["Location"] == PAGE


def test_the_page_of_a_subscription_asks_for_what_its_template_puts_out(browser, subscription):
    text = browser.get(AZURE_PAGE).text

    assert "hand in its output <code>observerClientId</code>" in text
    assert f'action="{HAND_IN}"' in text
    assert "Name the subscription" in text


def test_handing_in_leads_back_and_has_the_account_proved(browser, subscription, work_until_quiet):
    answer = browser.post(HAND_IN, {"azure_client_id": CLIENT_ID}, follow=True)
    work_until_quiet()

    assert answer.redirect_chain == [(AZURE_PAGE, 302)]
    assert "waiting for an answer" in answer.text
    assert CLIENT_ID in answer.text
    assert reloaded(subscription).state == "verified"
    assert HAND_IN not in browser.get(AZURE_PAGE).text


def test_what_is_no_client_id_is_told_beside_the_field(browser, subscription):
    answer = browser.post(HAND_IN, {"azure_client_id": "my secret"})

    assert "This is no observerClientId" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert reloaded(subscription).azure_client_id == ""


def test_an_aws_account_hands_nothing_in(browser, account):
    answer = browser.post(f"{PAGE}client-id/", {"azure_client_id": CLIENT_ID}, follow=True)

    assert "hands nothing back" in answer.text
    assert f"{PAGE}client-id/" not in answer.text


def test_only_those_who_register_are_asked_to_hand_in(browse, subscription, globex):
    assert HAND_IN not in browse(Role.DEVELOPER).get(AZURE_PAGE).text
    assert browse(Role.DEVELOPER).get(HAND_IN).status_code == 403
    assert browse(Role.ADMIN, globex).get(HAND_IN).status_code == 404


def test_the_template_of_a_subscription_is_a_json_file(browser, subscription):
    answer = browser.get(f"{AZURE_PAGE}template/")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="enclave-account.json"'
    assert answer.json()["$schema"].endswith("subscriptionDeploymentTemplate.json#")


def test_in_a_demo_each_cloud_has_its_own_line(browser, account, subscription, settings):
    settings.SANDBOX_APPLY = {"aws": "python -m sandbox.aws apply", "azure": "python -m sandbox.azure apply"}
    number = SUBSCRIPTION.removeprefix("azure:")

    line = "python -m sandbox.aws apply enclave-account.yaml --account 111122223333 --region us-east-1"
    assert line in browser.get(PAGE).text
    line = f"python -m sandbox.azure apply enclave-account.json --account {number} --region eastus"
    assert line in browser.get(AZURE_PAGE).text


def test_a_list_of_both_clouds_costs_the_same(browser, account, queries, admin):
    one = queries(browser, LIST), queries(browser, PAGE)
    with tenant_scope(admin.tenant_id):
        services.register_account(by=admin, account=SUBSCRIPTION, azure_tenant_id=DIRECTORY)

    assert (queries(browser, LIST), queries(browser, AZURE_PAGE)) == one
