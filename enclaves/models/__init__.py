from enclaves.models.access import (
    AccessCertificate,
    AccessHost,
    AccessRequest,
    AccessRules,
    AccessSession,
    Agent,
    RecordingChunk,
)
from enclaves.models.accounts import AccountCheck, Cloud, CloudAccount
from enclaves.models.authorities import Authority
from enclaves.models.base import Moving
from enclaves.models.deployments import Application, Deployment, Revision
from enclaves.models.hosts import Host, HostMove
from enclaves.models.keys import SigningKey
from enclaves.models.operations import Event, Operation, Work
from enclaves.models.zones import Enclave, HostImage, MachineType, Zone

__all__ = [
    "AccessCertificate",
    "AccessHost",
    "AccessRequest",
    "AccessRules",
    "AccessSession",
    "AccountCheck",
    "Agent",
    "Application",
    "Authority",
    "Cloud",
    "CloudAccount",
    "Deployment",
    "Enclave",
    "Event",
    "Host",
    "HostImage",
    "HostMove",
    "MachineType",
    "Moving",
    "Operation",
    "RecordingChunk",
    "Revision",
    "SigningKey",
    "Work",
    "Zone",
]
