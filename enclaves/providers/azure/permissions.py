"""Comparing what the role definitions and assignments of a subscription grant with the manifest."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.manifest import Definition
from enclaves.blueprints.azure.names import deployment_name, role_id
from enclaves.providers.azure import findings, versions
from enclaves.providers.azure.findings import Mismatch
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.base import CheckDefinition, Claim, Finding

type Properties = Mapping[str, Any]

APPLY_AGAIN = (
    f"Apply the account template ({deployment_name()}) again; it puts its roles back as they were. The check "
    "runs again by itself."
)


class Granted:
    """What one subscription grants to our identities, by what the observer reads there."""

    def __init__(self, claim: Claim, sessions: Sessions) -> None:
        self._claim = claim
        self._sessions = sessions

    def test_observer(self, check: CheckDefinition) -> Finding:
        return self._test(check, manifest.OBSERVING.role)

    def test_provisioner(self, check: CheckDefinition) -> Finding:
        return self._test(check, manifest.PROVISIONING.role)

    def test_host(self, check: CheckDefinition) -> Finding:
        return self._test(check, manifest.HOSTING.role)

    def assigned(self, role: str) -> set[tuple[str, str]]:
        """Tell what is assigned to an identity: role definitions and scopes, both in lower case."""
        identity = self._sessions.identity(role)
        if identity is None:
            raise Mismatch(f"There is no identity {role}", APPLY_AGAIN)
        principal = str(identity["properties"]["principalId"])
        scope = f"/subscriptions/{self._claim.account}"
        found = self._sessions.observer.listed(
            versions.ROLE_ASSIGNMENT,
            f"{scope}/providers/{versions.ROLE_ASSIGNMENT}",
            **{"$filter": f"principalId eq '{principal}'"},
        )
        # The filter is the observer's wish; that it was fulfilled is checked.
        own = [each["properties"] for each in found if each["properties"]["principalId"] == principal]
        return {(each["roleDefinitionId"].lower(), each["scope"].lower()) for each in own}

    def _test(self, check: CheckDefinition, role: str) -> Finding:
        definitions = [each for each in manifest.DEFINITIONS if each.role == role]
        count = 0
        for definition in definitions:
            self._compare(role, definition)
            count += len(definition.permissions)
        self._check_assignments(role, definitions)
        return findings.passed(
            check, f"{versions.ROLE_DEFINITION} → {count} of {count} granted, none besides"
        )

    def _compare(self, role: str, definition: Definition) -> None:
        path = role_id(self._claim.account, definition.title)
        found = self._sessions.observer.find(versions.ROLE_DEFINITION, path)
        if found is None:
            raise Mismatch(f"The role definition of {definition.title} is not there", APPLY_AGAIN, path)
        properties = found["properties"]
        wanted = {each.lower(): each for each in (*definition.actions, *definition.data_actions)}
        granted = {each.lower(): each for each in _granted(properties)}
        if missing := sorted(wanted[each] for each in wanted.keys() - granted):
            told = f"{_counted(missing)} of {role} missing: {', '.join(missing)}"
            raise Mismatch(
                told, APPLY_AGAIN, f"{properties.get('roleName', path)} lacks {', '.join(missing)}"
            )
        if extra := sorted(granted[each] for each in granted.keys() - wanted):
            raise Mismatch(
                f"{role} may do more than the template grants: {', '.join(extra)}",
                f"Take this away from the role, and find out who added it. {APPLY_AGAIN}",
                f"{properties.get('roleName', path)} has {', '.join(extra)} besides",
            )

    def _check_assignments(self, role: str, definitions: Sequence[Definition]) -> None:
        """Raises Mismatch unless each role is assigned where it must be, and nowhere and none besides."""
        assigned = self.assigned(role)
        places = {self._role_id(each): self._place(each) for each in definitions}
        for definition in definitions:
            wanted = (self._role_id(definition), self._place(definition))
            if "*" not in wanted[1] and wanted not in assigned:
                title = f"The role {definition.title} is not assigned to {role}"
                raise Mismatch(title, APPLY_AGAIN, f"nothing at {wanted[1]}")
        extra = [(each, scope) for each, scope in assigned if not _fits(scope, places.get(each))]
        if extra:
            told = "; ".join(f"{each} at {scope}" for each, scope in sorted(extra))
            raise Mismatch(
                f"{role} was assigned more than the templates assign",
                "Remove these role assignments, and find out who made them. The check runs again by itself.",
                told,
            )

    def _role_id(self, definition: Definition) -> str:
        return role_id(self._claim.account, definition.title).lower()

    def _place(self, definition: Definition) -> str:
        return definition.place.replace("${Subscription}", self._claim.account).lower()


def _granted(properties: Properties) -> Iterator[str]:
    """List the actions that a role definition gives; what it takes away again counts as not given."""
    yield from _actions(properties, "actions", "notActions")
    yield from _actions(properties, "dataActions", "notDataActions")


def _actions(properties: Properties, given: str, taken: str) -> Iterator[str]:
    for permission in properties.get("permissions", ()):
        but = {each.lower() for each in permission.get(taken) or ()}
        yield from (each for each in permission.get(given) or () if each.lower() not in but)


def _fits(scope: str, place: str | None) -> bool:
    """Say whether a scope is one of a place, in which a star stands for a part of a name."""
    if place is None:
        return False
    parts, wanted = scope.split("/"), place.split("/")
    return len(parts) == len(wanted) and all(
        _fits_part(part, pattern) for part, pattern in zip(parts, wanted, strict=True)
    )


def _fits_part(part: str, pattern: str) -> bool:
    return part.startswith(pattern[:-1]) if pattern.endswith("*") else part == pattern


def _counted(missing: Sequence[str]) -> str:
    return "1 permission" if len(missing) == 1 else f"{len(missing)} permissions"
