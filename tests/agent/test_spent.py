from dataclasses import replace

import pytest

from agent.spent import SpentSessions
from agent.tokens import Grant, TokenRefused

GRANT = Grant(
    id="grant-7",
    tenant="acme",
    session="3f0c1f9e-33a5-4a3b-8c50-5d0a1b8f6a10",
    login="enclave",
    ends_at=2000,
    allow_port_forwarding=False,
    allow_agent_forwarding=False,
)


def test_a_session_is_taken_once(tmp_path):
    spent = SpentSessions(tmp_path / "spent.json")
    spent.spend(GRANT, 1000)

    with pytest.raises(TokenRefused, match="used before"):
        spent.spend(GRANT, 1001)


def test_a_session_stays_taken_when_the_agent_starts_anew(tmp_path):
    SpentSessions(tmp_path / "spent.json").spend(GRANT, 1000)

    with pytest.raises(TokenRefused, match="used before"):
        SpentSessions(tmp_path / "spent.json").spend(GRANT, 1001)


def test_sessions_of_tokens_that_are_over_are_forgotten(tmp_path):
    spent = SpentSessions(tmp_path / "spent.json")
    spent.spend(GRANT, 1000)

    spent.spend(replace(GRANT, session="another", ends_at=9000), 3000)

    assert "another" in (tmp_path / "spent.json").read_text()
    assert GRANT.session not in (tmp_path / "spent.json").read_text()


def test_a_damaged_memory_is_not_taken_for_an_empty_one(tmp_path):
    (tmp_path / "spent.json").write_text('{"3f0c')

    with pytest.raises(ValueError, match="Unterminated"):
        SpentSessions(tmp_path / "spent.json")
