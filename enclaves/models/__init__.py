from enclaves.models.accounts import AccountCheck, Cloud, CloudAccount
from enclaves.models.base import Moving
from enclaves.models.deployments import Application, Deployment, Revision
from enclaves.models.hosts import Host, HostMove
from enclaves.models.keys import SigningKey
from enclaves.models.operations import Event, Operation, Work
from enclaves.models.zones import Enclave, HostImage, MachineType, Zone

__all__ = [
    "AccountCheck",
    "Application",
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
    "Revision",
    "SigningKey",
    "Work",
    "Zone",
]
