"""A cloud in memory: a real implementation of the provider's protocol, which fails on demand."""

from collections import defaultdict
from dataclasses import replace

from enclaves.providers.base import (
    CheckDefinition,
    CheckGroup,
    CloudHost,
    CloudHostState,
    Finding,
    HostOrder,
    ImageOffer,
    MachineOffer,
    Offers,
    Outcome,
    Progress,
    ProgressState,
    ZoneProof,
)

ACCOUNT_CHECKS = (
    CheckDefinition("assume", CheckGroup.PROOF, "The role answers, from the account you named"),
    CheckDefinition("strangers", CheckGroup.STRANGERS, "With a random id: refused"),
    CheckDefinition("permissions", CheckGroup.PERMISSIONS, "The roles may do what they must"),
)
ZONE_CHECKS = (
    CheckDefinition("network", CheckGroup.ZONE, "One network"),
    CheckDefinition("subnets", CheckGroup.ZONE, "A subnet in each availability zone"),
)
MACHINES = (
    MachineOffer("m7g.2xlarge", 8, 32 * 1024, "arm64", (), ("use1-az6",)),
    MachineOffer("m6a.2xlarge", 8, 32 * 1024, "x86_64", ("vm",), ("use1-az6",)),
)
IMAGES = (ImageOffer("ami-arm", "host-1", "arm64"), ImageOffer("ami-x86", "host-1", "x86_64"))


class FakeCloud:
    """One account in memory. ``calls`` is what was asked of it, in order."""

    def __init__(self):
        self.machines: dict[str, CloudHost] = {}
        self.tokens: dict[str, str] = {}
        self.outcomes: dict[str, Outcome] = {}  # of checks that do not pass
        self.errors: dict[str, list] = defaultdict(list)  # by call: raised, one after the other
        self.lost_answers = 0  # launches that are carried out, and whose answer is lost
        self.calls: list[str] = []
        self.orders: list[HostOrder] = []  # of all launches that were tried
        self.lost_error = None
        self.slow = False  # launches are taken, and carried out later
        self.progress: list[Progress] = []  # what following says next; then that it is done

    def account_checks(self):
        return ACCOUNT_CHECKS

    def zone_checks(self):
        return ZONE_CHECKS

    def prove_account(self):
        self.calls.append("prove_account")
        yield from (self._finding(check) for check in ACCOUNT_CHECKS)

    def prove_zone(self, place):
        self._call("prove_zone")
        findings = tuple(self._finding(check) for check in ZONE_CHECKS)
        good = all(finding.outcome == Outcome.PASSED for finding in findings)
        return ZoneProof(findings, {"vpc": "vpc-1"} if good else {})

    def offers(self, place):
        self._call("offers")
        return Offers(MACHINES, IMAGES)

    def list_hosts(self, place):
        self._call("list_hosts")
        return self.living

    def healthy_hosts(self, place, instance_ids):
        self._call("healthy_hosts")
        return {one for one in instance_ids if self.machines[one].state == CloudHostState.RUNNING}

    def launch(self, place, resources, order):
        self.orders.append(order)
        self._call("launch")
        instance_id = self.tokens.setdefault(order.token, f"i-{len(self.tokens) + 1}")
        state = CloudHostState.STARTING if self.slow else CloudHostState.RUNNING
        machine = CloudHost(instance_id, order.host_id, state, order.machine, order.availability_zone_id)
        if self.slow:
            machine = replace(machine, operation=f"operations/{instance_id}")
        if self.machines.setdefault(instance_id, machine).state == CloudHostState.GONE:
            self.machines[instance_id] = machine
        if self.lost_answers:
            self.lost_answers -= 1
            raise self.lost_error
        return machine

    def follow(self, place, operation):
        self._call("follow")
        progress = self.progress.pop(0) if self.progress else Progress(ProgressState.DONE)
        self._settle(operation.removeprefix("operations/"), progress.state)
        return progress

    def _settle(self, instance_id, state):
        ends = {ProgressState.DONE: CloudHostState.RUNNING, ProgressState.FAILED: CloudHostState.FAILED}
        if state in ends:
            self.machines[instance_id] = replace(self.machines[instance_id], state=ends[state])

    def terminate(self, place, instance_ids):
        self._call("terminate")
        for one in instance_ids:
            self.machines[one] = replace(self.machines[one], state=CloudHostState.GONE)

    @property
    def living(self):
        return [one for one in self.machines.values() if one.state != CloudHostState.GONE]

    def _call(self, name):
        self.calls.append(name)
        if self.errors[name]:
            raise self.errors[name].pop(0)

    def _finding(self, check):
        return Finding(check.code, self.outcomes.get(check.code, Outcome.PASSED), check.title)
