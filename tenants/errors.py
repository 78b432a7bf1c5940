"""What a service answers instead of doing it; the edges turn these into messages and statuses."""

from django.core.exceptions import PermissionDenied


class Forbidden(PermissionDenied):
    """Whoever asked belongs to the tenant and lacks the right."""


class Refused(Exception):
    """What was asked is possible in general, and not in the state that things are in now."""
