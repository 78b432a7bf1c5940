"""An account of the pretend AWS as it once was, to go back to: templates take a hundred times as long."""

import copy
from typing import Any

from sandbox.aws import engine
from sandbox.aws.server import EmbeddedAws

SERVICES = (engine.ec2_backends, engine.iam_backends, engine.kms_backends, engine.s3_backends)


class Moment:
    """What an account holds now; ``come_back`` makes it hold that again, and nothing else.

    The engine's own objects stay, because others know them; only what they hold is put back.
    """

    def __init__(self, aws: EmbeddedAws, account: str) -> None:
        self._aws, self._account = aws, account
        self._backends = self._current()
        self._held = self._copied([backend.__dict__ for backend in self._backends])
        self._stacks = copy.deepcopy(self._stacks_now())

    def come_back(self) -> None:
        for backend in self._current():
            if backend not in self._backends:
                backend.reset()
        for backend, held in zip(self._backends, self._copied(self._held), strict=True):
            backend.__dict__ = held
        self._put_back_names()
        self._put_back_stacks()

    def _put_back_names(self) -> None:
        # The names of buckets are everybody's, so the engine keeps them apart from the accounts.
        owners = engine.s3_backends.bucket_accounts
        for name in [name for name, (_, account) in owners.items() if account == self._account]:
            del owners[name]
        for account, bucket in engine.buckets():
            if account == self._account:
                owners[bucket.name] = ("aws", account)

    def _put_back_stacks(self) -> None:
        for key in self._stacks_now():
            del self._aws.stacks._stacks[key]
        self._aws.stacks._stacks.update(copy.deepcopy(self._stacks))

    def _current(self) -> list[Any]:
        return [backend for service in SERVICES for backend in service[self._account].values()]

    def _copied(self, held: list[dict[str, Any]]) -> list[dict[str, Any]]:
        # AWS's own policies are hundreds, and nobody changes them.
        kept = [*self._backends, *engine.iam(self._account).aws_managed_policies]
        return copy.deepcopy(held, {id(one): one for one in kept})

    def _stacks_now(self) -> dict[tuple[str, str, str], Any]:
        return {key: stack for key, stack in self._aws.stacks._stacks.items() if key[0] == self._account}
