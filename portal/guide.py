"""What the demo prints when it is ready: where to go, as whom, and what to try."""

import json
from pathlib import Path
from typing import Any

_GUIDE = """
The portal is ready: {base_url}

  Sign in with          password              in       as
{users}

  A token of acme's admin, for the API:
    export TOKEN={token}

  Three things to try:
    curl -s -H "Authorization: Bearer $TOKEN" {base_url}/api/v1/tenants/acme/cloud-accounts/
    curl -s -H "Authorization: Bearer $TOKEN" {base_url}/api/v1/tenants/acme/hosts/
    curl -s -H "Authorization: Bearer $TOKEN" -X POST \\
      {base_url}/api/v1/tenants/acme/cloud-accounts/aws:{registered}/verify/

  Account {unregistered} of the sandbox is nobody's yet: register it as acme's admin on the web page.
  API documentation: {base_url}/api/v1/docs/    The same facts for scripts: {facts_path}
  Ctrl-C ends everything.
"""


def guide(facts_path: Path) -> str:
    """The text for the terminal, from the facts that the seeding wrote."""
    facts = json.loads(facts_path.read_text())
    accounts = facts["sandbox"]["aws"]["accounts"]
    return _GUIDE.format(
        base_url=facts["base_url"],
        users="\n".join(map(_line, facts["users"])),
        token=facts["tokens"][0]["token"],
        registered=next(one["account_id"] for one in accounts if one["tenant"] == "acme"),
        unregistered=next(one["account_id"] for one in accounts if one["tenant"] is None),
        facts_path=facts_path.relative_to(facts_path.parents[1]),
    )


def _line(user: dict[str, Any]) -> str:
    return f"    {user['email']:<19} {user['password']:<21} {user['tenant']:<8} {', '.join(user['roles'])}"
