"""Follow the audit chain of every tenant, say where one is broken, and sign the others."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tenants import audit, signing
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = (
        "Finds any change of the audit, of its order, end or checkpoints, and says where. Signs a checkpoint"
        " of each chain that is intact. Exits with 1 if one is not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", nargs="*", help="names of tenants; all, if none is given")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = [tenant.name for tenant in _tenants(options["tenant"]) if not self._verified(tenant)]
        if broken:
            raise CommandError(f"The audit is broken in {', '.join(broken)}.")

    def _verified(self, tenant: Tenant) -> bool:
        with transaction.atomic(), tenant_scope(tenant.pk):
            verdict = audit.verify(tenant)
            said = _signed(tenant, verdict) if verdict.intact else verdict.problem
        self.stdout.write(f"{tenant.name}: {verdict.events} events, last hash {verdict.hash}: {said}")
        return verdict.intact


def _signed(tenant: Tenant, verdict: audit.Verdict) -> str:
    if not signing.can_sign():
        return "intact; not signed, PORTAL_AUDIT_KEY is missing"
    checkpoint = audit.sign(tenant, verdict, by=audit.System("verify_audit", tenant.pk))
    return f"intact; signed at event {checkpoint.sequence}"


def _tenants(names: list[str]) -> list[Tenant]:
    # Only the system role sees that there are several tenants; each is then read in its own scope.
    known = {tenant.name: tenant for tenant in Tenant.objects.using("system").order_by("name")}
    if unknown := set(names) - known.keys():
        raise CommandError(f"There is no tenant {', '.join(sorted(unknown))}.")
    return [known[name] for name in names] if names else list(known.values())
