import json

from portal.guide import guide
from portal.local import forget
from portal.management.commands import demo, run, seed_demo

FACTS = {
    "base_url": "http://127.0.0.1:8000",
    "users": [{"email": "ada@acme.example", "password": "ada-1234", "tenant": "acme", "roles": ["admin"]}],
    "tokens": [{"tenant": "acme", "roles": ["admin"], "token": "ep_1234"}],
    "sandbox": {
        "aws": {
            "endpoint_url": "http://127.0.0.1:9000",
            "portal_account_id": "999900001111",
            "accounts": [
                {"account_id": "111122223333", "tenant": "acme"},
                {"account_id": "777788889999", "tenant": None},
            ],
        }
    },
}


def test_the_guide_says_where_as_whom_and_what_to_try(tmp_path):
    path = tmp_path / ".run" / "demo.json"
    path.parent.mkdir()
    path.write_text(json.dumps(FACTS))

    text = guide(path)

    assert "ada@acme.example    ada-1234              acme     admin\n" in text
    assert "export TOKEN=ep_1234\n" in text
    assert "http://127.0.0.1:8000/api/v1/tenants/acme/cloud-accounts/aws:111122223333/verify/\n" in text
    assert "Account 777788889999 of the sandbox is nobody's yet" in text
    assert text.count("    curl ") == 3
    assert "for scripts: .run/demo.json\n" in text


def test_a_demo_remembers_nothing_of_an_earlier_one(tmp_path):
    for name in ("postgres/data", "valkey", "secrets", "mail", "log", "development/postgres"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "demo.json").touch()

    forget(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["development"]


def test_commands_that_supervise_check_no_settings_that_they_do_not_use():
    assert {module.Command.requires_system_checks == [] for module in (demo, run, seed_demo)} == {True}
