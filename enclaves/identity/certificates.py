"""The clouds' own certificates, from files that an operator puts there; see docs/host-identity.md."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from enclaves.identity.azure import SERVICE, Trust


class CertificatesMissing(Exception):
    """Files that should hold a cloud's certificates are not there, or hold something else."""


def aws_certificates(folder: Path) -> dict[str, Sequence[x509.Certificate]]:
    """By region, from `<region>.pem` each; raises CertificatesMissing."""
    return {file.stem: load(file) for file in sorted(folder.glob("*.pem"))}


def azure_trust(roots: Path, intermediates: Path, service: str = SERVICE) -> Trust:
    """From two files of PEM; raises CertificatesMissing."""
    return Trust(roots=load(roots), intermediates=load(intermediates), service=service)


def load(file: Path) -> Sequence[x509.Certificate]:
    """All certificates of a PEM file, at least one; raises CertificatesMissing."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificatesMissing(f"{file} holds no certificates: {error}") from error
