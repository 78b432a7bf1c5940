"""Template deployments as Azure Resource Manager carries them out."""

from sandbox.azure.deployments.api import delete, get, listed, operations, put, validate

__all__ = ["delete", "get", "listed", "operations", "put", "validate"]
