"""What is heard of hosts while they run. It comes from machines that may be anybody's by now.

A gateway sends the words of many hosts at once: what one of them says must never be in the way of the
others, so what the database would not take is left out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from enclaves.models import Agent
from enclaves.provisioning import live
from enclaves.provisioning.agents import ALIVE, named_in, spiffe_id_of
from tenants.scope import tenant_scope

SILENT_AFTER: Final = timedelta(seconds=60)
_MOST_FACTS: Final = 30
_LONGEST: Final = 200  # characters of a fact
_LARGEST: Final = 2**63


def heard(hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Note the heartbeats of many hosts at once; return those that are not to be connected any more."""
    known, now = _known(hosts), timezone.now()
    back = [agent for agent in known.values() if agent.seen_at is None or agent.seen_at < now - SILENT_AFTER]
    for text, agent in known.items():
        _note(agent, hosts[text], now)
    Agent.objects.using("system").bulk_update(known.values(), ["seen_at", "version", "facts"], batch_size=500)
    for agent in back:
        with tenant_scope(agent.tenant_id):
            live.nudge(agent.tenant_id, f"host:{agent.host_id}", "hosts")
    return sorted(set(hosts) - set(known))


def _known(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Agent]:
    """The agents of the hosts that live and have enrolled, by the names under which they have."""
    ids = {named_in(text).host for text in hosts}
    wanted = Agent.objects.using("system").filter(host_id__in=ids, host__state__in=ALIVE)
    agents = wanted.select_related("host__tenant", "host__enclave__account")
    named = {str(spiffe_id_of(agent.host)): agent for agent in agents}
    return {text: agent for text, agent in named.items() if text in hosts}


def _note(agent: Agent, facts: Mapping[str, Any], now: datetime) -> None:
    kept = [(name, value) for name, value in facts.items() if _is_plain(value) and _is_word(name)]
    agent.facts = dict(kept[:_MOST_FACTS])
    agent.version = str(agent.facts.get("agent", ""))[:40]
    agent.seen_at = now


def _is_plain(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return len(values) <= _MOST_FACTS and all(_is_word(one) or _is_number(one) for one in values)


def _is_word(value: Any) -> bool:
    """PostgreSQL's JSON takes no zero byte and no half of a character."""
    return isinstance(value, str) and len(value) <= _LONGEST and (value.isprintable() or not value)


def _is_number(value: Any) -> bool:
    """It takes no NaN and no infinity either, which are not between any two numbers."""
    return isinstance(value, int | float) and -_LARGEST < value < _LARGEST
