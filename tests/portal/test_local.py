import json

from portal.guide import guide
from portal.local import Place, _credentials, forget
from portal.management.commands import demo, run, seed_demo
from portal.pretending import NO_CLOUD, PretendClouds
from portal.runtime.sandbox import SandboxAws

KEYS = {"account_id": "999900001111", "arn": "arn", "access_key_id": "AKIA", "secret_access_key": "secret"}

FACTS = {
    "base_url": "http://127.0.0.1:8000",
    "users": [
        {"email": "ada@acme.example", "password": "ada-1234", "tenant": "acme", "roles": ["admin"]},
        {
            "email": "grace@acme.example",
            "password": "grace-1234",
            "tenant": "acme",
            "roles": ["admin"],
            "totp_secret": "JBSWY3DP",
        },
    ],
    "tokens": [{"tenant": "acme", "roles": ["admin"], "token": "ep_1234"}],
    "sandbox": {
        "aws": {
            "endpoint_url": "http://127.0.0.1:9000",
            "portal_account_id": "999900001111",
            "accounts": [
                {"account_id": "111122223333", "tenant": "acme"},
                {"account_id": "777788889999", "tenant": None},
            ],
        },
        "azure": {
            "authority_url": "https://127.0.0.1:9001",
            "arm_url": "https://127.0.0.1:9001",
            "ca_file": ".run/certificates/ca.pem",
            "subscriptions": [
                {"subscription_id": "aaaa-1", "directory_id": "dddd-1", "tenant": "globex"},
                {"subscription_id": "aaaa-9", "directory_id": "dddd-9", "tenant": None},
            ],
        },
    },
}


def test_the_guide_says_where_as_whom_and_what_to_try(tmp_path):
    path = tmp_path / ".run" / "demo.json"
    path.parent.mkdir()
    path.write_text(json.dumps(FACTS))

    text = guide(path)

    assert "ada@acme.example    ada-1234              acme     admin\n" in text
    assert "make code WHO=grace@acme.example\n" in text
    assert "make code WHO=ada@acme.example\n" not in text
    assert "export TOKEN=ep_1234\n" in text
    assert "http://127.0.0.1:8000/api/v1/tenants/acme/cloud-accounts/aws:111122223333/verify/\n" in text
    assert "as acme's admin   aws:777788889999\n" in text
    assert "as globex's admin azure:aaaa-9\n                      of Entra tenant dddd-9\n" in text
    assert text.count("    curl ") == 3
    assert "for scripts: .run/demo.json\n" in text


def test_a_demo_remembers_nothing_of_an_earlier_one(tmp_path):
    for name in ("postgres/data", "valkey", "secrets", "certificates", "mail", "log", "development/postgres"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "demo.json").touch()

    forget(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["development"]


def test_commands_that_supervise_check_no_settings_that_they_do_not_use():
    assert {module.Command.requires_system_checks == [] for module in (demo, run, seed_demo)} == {True}


def test_the_worker_alone_has_what_opens_a_cloud(tmp_path, monkeypatch):
    monkeypatch.setattr(SandboxAws, "portal_keys", lambda sandbox: KEYS)
    clouds = PretendClouds.in_folder(tmp_path)

    shared = {name for name, value in clouds.environment().items() if value is not None}

    assert set(clouds.credentials()) & shared == set()
    assert set(clouds.credentials()) <= set(NO_CLOUD)


def test_the_worker_is_given_a_secret_for_its_signing_keys_that_stays(tmp_path):
    place = Place(tmp_path, 8000)

    made, again = _credentials({}, place), _credentials({}, place)

    assert made == again != {"PORTAL_SIGNING_SECRET": ""}
    assert _credentials({"PORTAL_SIGNING_SECRET": "mine", "HOME": "/"}, place) == {
        "PORTAL_SIGNING_SECRET": "mine"
    }
