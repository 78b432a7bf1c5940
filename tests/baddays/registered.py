"""An account of whatever cloud that a tenant registered, with one zone."""

from dataclasses import dataclass

from enclaves.models import CloudAccount, Deployment, Enclave
from enclaves.services import deployments
from tenants.gate import Actor
from tenants.scope import tenant_scope

IMAGE = f"registry.example.com/recommender@sha256:{'a' * 64}"


@dataclass
class Registered:
    by: Actor
    account: CloudAccount
    enclave: Enclave

    def deploy(self, hosts: int = 3, **facts: str) -> Deployment:
        """Submit and apply a spec; no worker has looked yet."""
        with tenant_scope(self.by.tenant.pk):
            revision = deployments.submit_spec(by=self.by, source=self.spec(hosts, **facts))
            deployments.apply_plan(revision, by=self.by, plan_hash=revision.plan_hash)
            return revision.deployment

    def spec(self, hosts: int = 3, *, cluster: str = "query") -> str:
        return (
            f"application: recommender\nenclave: {self.enclave}\nimage: {IMAGE}\nclusters:\n"
            f"  - name: {cluster}\n    hosts: {hosts}\n"
            "    machine: {vcpu: 2, memory_gib: 8, disk_gib: 100, architecture: arm64}\n"
        )

    def states(self) -> tuple[str, str]:
        """The states of account and enclave, as they are now."""
        self.account.refresh_from_db()
        self.enclave.refresh_from_db()
        return self.account.state, self.enclave.state
