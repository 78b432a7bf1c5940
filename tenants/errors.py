"""What a service answers instead of doing it; the edges turn these into messages and statuses."""

from django.core.exceptions import PermissionDenied


class Forbidden(PermissionDenied):
    """Whoever asked belongs to the tenant and lacks the right."""


class Refused(Exception):
    """What was asked is possible in general, and not in the state that things are in now."""


class Unassured(PermissionDenied):
    """Whoever asked may do this, and has to show first who they are: ``lack`` says how."""

    def __init__(self, text: str, lack: str) -> None:
        super().__init__(text)
        self.lack = lack
