import json

from portal.guide import guide
from portal.local import Place, _credentials, forget
from portal.management.commands import demo, run, seed_demo
from portal.pretending import NO_CLOUD, PretendClouds
from portal.runtime.gateway import LocalGateway
from portal.runtime.processes import PortalProcesses
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
    known_hosts = path.parent / "gateway" / "known_hosts"
    access = {"gateway": "127.0.0.1:2222", "known_hosts": str(known_hosts)}
    path.write_text(json.dumps({**FACTS, "access": access}))

    text = guide(path)

    assert "ada@acme.example    ada-1234              acme     admin\n" in text
    assert "make code WHO=grace@acme.example\n" in text
    assert "make code WHO=ada@acme.example\n" not in text
    assert "export TOKEN=ep_1234\n" in text
    assert "http://127.0.0.1:8000/api/v1/tenants/acme/cloud-accounts/aws:111122223333/verify/\n" in text
    assert "as acme's admin   aws:777788889999\n" in text
    assert "as globex's admin azure:aaaa-9\n                      of Entra tenant dddd-9\n" in text
    assert "-o UserKnownHostsFile=.run/gateway/known_hosts \\\n           -p 2222 GRANT@127.0.0.1\n" in text
    assert text.count("    curl ") == 3
    assert "for scripts: .run/demo.json\n" in text


def test_a_demo_remembers_nothing_of_an_earlier_one(tmp_path):
    made = ("postgres/data", "valkey", "secrets", "certificates", "mail", "log", "hosts", "gateway/spool")
    for name in (*made, "development/postgres"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "gateway" / "host_key").touch()
    (tmp_path / "demo.json").touch()

    forget(tmp_path)

    # Else ssh would warn of an attack, as the gateway has the same address again.
    assert {path.name for path in tmp_path.iterdir()} == {"development", "gateway"}
    assert [path.name for path in (tmp_path / "gateway").iterdir()] == ["host_key"]


def test_commands_that_supervise_check_no_settings_that_they_do_not_use():
    assert {module.Command.requires_system_checks == [] for module in (demo, run, seed_demo)} == {True}


def test_the_worker_alone_has_what_opens_a_cloud(tmp_path, monkeypatch):
    monkeypatch.setattr(SandboxAws, "portal_keys", lambda sandbox: KEYS)
    clouds = PretendClouds.in_folder(tmp_path)

    shared = {name for name, value in clouds.environment().items() if value is not None}

    assert set(clouds.credentials()) & shared == set()
    assert set(clouds.credentials()) <= set(NO_CLOUD)


def test_what_signs_for_people_and_hosts_is_opened_by_worker_and_signer_alone(tmp_path):
    gateway = LocalGateway(tmp_path, "redis://")
    portal = PortalProcesses(8000, tmp_path, gateway.environment(), {}, gateway.keys())
    own = {"worker": portal.worker(), "web": portal.web(), "beat": portal.beat()}
    own |= {"signer": gateway.signer(portal), "files": gateway.files(portal), "gateway": gateway.program()}

    having = {name for name, program in own.items() if program.environment.get("PORTAL_SSH_SECRET")}

    assert having == {"worker", "signer", "files"}


def test_the_worker_is_given_a_secret_for_its_signing_keys_that_stays(tmp_path):
    place = Place(tmp_path, 8000)

    made, again = _credentials({}, place), _credentials({}, place)

    assert made == again != {"PORTAL_SIGNING_SECRET": ""}
    assert _credentials({"PORTAL_SIGNING_SECRET": "mine", "HOME": "/"}, place) == {
        "PORTAL_SIGNING_SECRET": "mine"
    }
