"""What the demo prints when it is ready: where to go, as whom, and what to try."""

import json
from pathlib import Path
from typing import Any

_GUIDE = """
The portal is ready: {base_url}

  Sign in with          password              in       as
{users}

{codes}
  A token of acme's service account demo, which may what an admin may, for the API:
    export TOKEN={token}

  Three things to try:
    curl -s -H "Authorization: Bearer $TOKEN" {base_url}/api/v1/tenants/acme/cloud-accounts/
    curl -s -H "Authorization: Bearer $TOKEN" {base_url}/api/v1/tenants/acme/hosts/
    curl -s -H "Authorization: Bearer $TOKEN" -X POST \\
      {base_url}/api/v1/tenants/acme/cloud-accounts/aws:{registered}/verify/

  A way onto a host, with consent and a recording; the README says it slowly:
    1. as sue@vendor.example    Hosts, one of acme's, Ask for access…
    2. as grace@acme.example    Access, Decide…, Approve
    3. as sue                   have .run/sue.pub certified on the page of that access, save the certificate
                                into .run, and run, with the name of the access for GRANT:
         ssh-keygen -q -t ed25519 -N '' -f .run/sue    (first of all)
         ssh -i .run/sue -o CertificateFile=.run/GRANT-cert.pub -o UserKnownHostsFile={known_hosts} \\
           -p {gateway_port} GRANT@{gateway_host}
    4. as grace                 Access, watch the session, Revoke…: nothing that was started is left

  Nobody has registered these yet; try it on the web page, the README has the whole tour:
    as acme's admin   {account}
    as globex's admin {subscription}
                      of Entra tenant {directory}
  globex runs an application in its Azure subscription, acme one in its AWS account. Neither sees the other.
  acme's people also have a pretend identity provider, without passwords: {base_url}/sign-on/acme/
  Every letter that the portal sends: {base_url}/_outbox/
  API documentation: {base_url}/api/v1/docs/    The same facts for scripts: {facts_path}
  Ctrl-C ends everything.
"""


def guide(facts_path: Path) -> str:
    """The text for the terminal, from the facts that the seeding wrote."""
    facts = json.loads(facts_path.read_text())
    clouds = facts["sandbox"]
    accounts, subscriptions = clouds["aws"]["accounts"], clouds["azure"]["subscriptions"]
    subscription = _of(None, subscriptions)
    gateway_host, _, gateway_port = facts["access"]["gateway"].rpartition(":")
    return _GUIDE.format(
        base_url=facts["base_url"],
        users="\n".join(map(_line, facts["users"])),
        codes=_codes(facts["users"]),
        token=facts["tokens"][0]["token"],
        registered=_of("acme", accounts)["account_id"],
        account=f"aws:{_of(None, accounts)['account_id']}",
        subscription=f"azure:{subscription['subscription_id']}",
        directory=subscription["directory_id"],
        gateway_host=gateway_host,
        gateway_port=gateway_port,
        known_hosts=_shown(Path(facts["access"]["known_hosts"]), facts_path),
        facts_path=_shown(facts_path, facts_path),
    )


def _shown(path: Path, facts_path: Path) -> Path:
    """As a person in the project's folder would type it."""
    return path.relative_to(facts_path.parents[1])


def _of(tenant: str | None, accounts: list[dict[str, Any]]) -> dict[str, Any]:
    return next(one for one in accounts if one["tenant"] == tenant)


def _codes(users: list[dict[str, Any]]) -> str:
    asked = [user["email"] for user in users if user.get("totp_secret")]
    lines = [f"    make code WHO={email}" for email in asked]
    return "\n".join(["", "  Who is asked for the code of an authenticator app gets it by", *lines, ""])


def _line(user: dict[str, Any]) -> str:
    place = user["tenant"] or "staff"
    return f"    {user['email']:<19} {user['password']:<21} {place:<8} {', '.join(user['roles'])}"
