"""How the portal becomes one of its identities in a tenant's subscription, once per identity."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from enclaves.blueprints.azure.names import OBSERVER, PROVISIONER, identity_id, subject
from enclaves.providers.azure import versions
from enclaves.providers.azure.config import AzureConfig
from enclaves.providers.base import Claim, ProviderError, Trouble

if TYPE_CHECKING:
    from azure.identity import ClientAssertionCredential

    from enclaves.providers.azure.arm import Arm, Transport

# To tell what is not there from what could not be asked.
NO_IDENTITY = "NoIdentity"


class Sessions:
    """The identities of one claim. A token is asked for when it is first needed."""

    def __init__(self, claim: Claim, config: AzureConfig) -> None:
        self._claim = claim
        self._config = config
        self._opened: dict[str, Arm | ProviderError] = {}
        self._identities: dict[str, Mapping[str, Any] | None] = {}

    def __repr__(self) -> str:
        return f"Sessions({self._claim.account})"

    @property
    def observer(self) -> "Arm":
        """Azure to look at. What may change something is ``provisioner``."""
        return self._open(OBSERVER)

    @property
    def provisioner(self) -> "Arm":
        return self._open(PROVISIONER)

    def identity(self, name: str) -> Mapping[str, Any] | None:
        """Read one of the identities that the account template makes, as the observer; asked for once."""
        if name not in self._identities:
            path = identity_id(self._claim.account, name)
            self._identities[name] = self.observer.find(versions.IDENTITY, path)
        return self._identities[name]

    def client_id(self, role: str) -> str:
        """Tell an identity's client id. Raises ProviderError if there is no such identity."""
        if role == OBSERVER:
            return self._claim.client_id
        identity = self.identity(role)
        if identity is None:
            text = f"There is no identity {role}."
            raise ProviderError(text, trouble=Trouble.INVALID, code=NO_IDENTITY, action="the token exchange")
        return str(identity["properties"]["clientId"])

    def knock(self, client_id: str, stranger: str) -> None:
        """Try to become an identity as another subject. Returns only if that stranger was let in."""
        from enclaves.providers.azure import arm  # noqa: PLC0415 -- see _open

        arm.exchange(self._credential(client_id, stranger))

    def _open(self, role: str) -> "Arm":
        if role not in self._opened:
            self._opened[role] = self._try_open(role)
        opened = self._opened[role]
        if isinstance(opened, ProviderError):
            raise opened
        return opened

    def _try_open(self, role: str) -> "Arm | ProviderError":
        # The SDK costs half a second and 60 MB, which the web process must not pay: it never gets here.
        from enclaves.providers.azure import arm  # noqa: PLC0415

        # A refusal is kept like a session: the checks that follow must not each ask again.
        try:
            own = subject(self._claim.tenant, self._claim.account, role)
            credential = self._credential(self.client_id(role), own)
            arm.exchange(credential)
        except ProviderError as error:
            return error
        return arm.connect(credential, self._config, self._claim.account, self._transport)

    def _credential(self, client_id: str, presented: str) -> "ClientAssertionCredential":
        from enclaves.providers.azure import arm  # noqa: PLC0415 -- see _try_open

        return arm.credential(
            self._config,
            self._claim.directory,
            client_id,
            lambda: self._config.sign(presented),
            self._transport,
        )

    @cached_property
    def _transport(self) -> "Transport":
        from enclaves.providers.azure import arm  # noqa: PLC0415 -- see _try_open

        return arm.transport(self._config)
