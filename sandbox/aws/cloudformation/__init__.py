"""Runs our CloudFormation templates as a tenant's cloud admin would, with the account's root key."""

from sandbox.aws.cloudformation.stacks import Stack, Stacks
from sandbox.aws.cloudformation.template import StackError

__all__ = ["Stack", "StackError", "Stacks"]
