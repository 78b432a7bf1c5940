import pytest

from gateway.settings import Address, BadSettings, Settings


@pytest.fixture
def given(tmp_path):
    (tmp_path / "secret").write_text("x" * 40 + "\n")
    files = (
        "PORTAL_SECRET_FILE",
        "PEER_SECRET_FILE",
        "HOST_KEY_FILE",
        "TLS_CERTIFICATE_FILE",
        "TLS_KEY_FILE",
    )
    paths = {
        f"GATEWAY_{name}": str(tmp_path / "secret") for name in (*files, "AGENT_ROOTS_FILE", "ROOTS_FILE")
    }
    return {
        **paths,
        "GATEWAY_PORTAL_URL": "http://portal:8100/gateway",
        "GATEWAY_DOMAIN": "portal.example",
        "GATEWAY_OWN_URL": "wss://one.example/",
        "GATEWAY_SPOOL": str(tmp_path),
        "REDIS_URL": "redis://localhost",
    }


def test_settings_come_from_the_environment(given):
    settings = Settings.from_environment({**given, "GATEWAY_SSH_LISTEN": "[::]:22"})

    assert settings.ssh == Address(host="::", port=22)
    assert (settings.own_url, settings.portal_secret) == ("wss://one.example", "x" * 40)
    assert settings.agent_file is None


def test_each_thing_that_is_needed_is_named_when_it_is_missing(given):
    for name in given:
        with pytest.raises(BadSettings, match=name):
            Settings.from_environment({other: value for other, value in given.items() if other != name})


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_secret_that_could_be_guessed_is_refused(given, tmp_path, secret):
    (tmp_path / "short").write_text(secret)

    with pytest.raises(BadSettings, match="characters"):
        Settings.from_environment({**given, "GATEWAY_PEER_SECRET_FILE": str(tmp_path / "short")})


@pytest.mark.parametrize("text", ["22", ":22", "host:", "host:ssh"])
def test_an_address_needs_a_host_and_a_port(text):
    with pytest.raises(BadSettings):
        Address.parse(text)
