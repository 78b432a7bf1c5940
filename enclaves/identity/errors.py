"""What a host is told when it is not believed."""


class IdentityRefused(ValueError):
    """A document about a machine is not believed. The text says why, for the log and the host's page."""
