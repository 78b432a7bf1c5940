import json

import pytest

from agent.config import BadConfig, config_from, read_config
from tests.agent.made import HOST, Made

TOLD = Made().told("/var/lib/enclave-agent")


def test_a_configuration_is_read_with_what_it_leaves_out(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({**TOLD, "for_a_later_version": 1}))

    config = read_config(tmp_path / "config.json")

    assert config.principal == f"host:acme/dev.aws-us-east-1a/{HOST}"
    assert (config.login, config.sshd) == ("enclave", "/usr/sbin/sshd")
    assert config.metadata_url == "http://169.254.169.254"


@pytest.mark.parametrize(
    "changes",
    [
        {"host_id": "../etc"},
        {"host_id": None},
        {"tenant": "acme\nroot"},
        {"zone": "a/b"},
        {"login": "root\nAllowUsers *"},
        {"cloud": "gcp"},
        {"gateway_urls": []},
        {"gateway_urls": ["ws://gateway.example"]},
        {"gateway_urls": [7]},
        {"grant_keys": {}},
        {"user_ca": []},
    ],
    ids=json.dumps,
)
def test_a_configuration_that_would_open_too_much_is_refused(changes):
    with pytest.raises(BadConfig):
        config_from({**TOLD, **changes})


@pytest.mark.parametrize("missing", [name for name in TOLD if name != "state_dir"])
def test_nothing_that_matters_has_a_default(missing):
    with pytest.raises(BadConfig):
        config_from({name: value for name, value in TOLD.items() if name != missing})


@pytest.mark.parametrize("text", ["", "[]", "7", "{"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)

    with pytest.raises(BadConfig):
        read_config(tmp_path / "config.json")
