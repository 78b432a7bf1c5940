"""Writes what a gateway has to have: its certificate for agents, its host key, and whom it believes."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import asyncssh
from cryptography import x509 as certificates
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from enclaves.provisioning import authorities
from enclaves.signing import keys, x509
from enclaves.signing.rotation import Purpose

RENEW_BEFORE: Final = timedelta(days=10)


class Command(BaseCommand):
    help = "Write the files of a gateway into a folder. Let it run daily: it renews what is near its end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--name", action="append", required=True, help="as agents call it; may be repeated"
        )

    def handle(self, *args: Any, folder: Path, name: list[str], **options: Any) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write(folder / "gateway_roots.pem", authorities.roots(Purpose.GATEWAYS).encode())
            _write(folder / "agent_roots.pem", authorities.roots(Purpose.HOSTS).encode())
            self._keep_certificate(folder, name)
        except authorities.NoSecret as error:
            raise CommandError(f"{error} Run this with the signer's environment.") from error
        self._keep_host_key(folder)

    def _keep_certificate(self, folder: Path, names: Sequence[str]) -> None:
        if (known := _certificate_in(folder)) and _is_good(known, names):
            until = known.not_valid_after_utc - RENEW_BEFORE
            self.stdout.write(
                f"The certificate in {folder} is good, and is renewed from {until:%Y-%m-%d} on."
            )
            return
        key = ec.generate_private_key(ec.SECP256R1())
        made = x509.gateway_certificate(
            authorities.gateway_authority(), key.public_key(), names, now=timezone.now()
        )
        # The gateway takes both once they fit together.
        _write(folder / "gateway.key", keys.private_pem(key), 0o600)
        _write(folder / "gateway.pem", made.encode())
        self.stdout.write(f"{folder} holds a new certificate for {', '.join(names)}.")

    def _keep_host_key(self, folder: Path) -> None:
        """People know the gateway by it: it is made once, and replaced by nobody but an operator."""
        if (folder / "host_key").exists():
            return
        made = asyncssh.generate_private_key("ssh-ed25519")
        _write(folder / "host_key.pub", made.export_public_key())
        _write(folder / "host_key", made.export_private_key(), 0o600)


def _certificate_in(folder: Path) -> certificates.Certificate | None:
    """The certificate of an earlier run, with its key; None if there is none, or half of it."""
    try:
        found = certificates.load_pem_x509_certificate((folder / "gateway.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / "gateway.key").read_bytes(), None)
    except (OSError, ValueError):
        return None
    return found if found.public_key() == key.public_key() else None


def _is_good(certificate: certificates.Certificate, names: Sequence[str]) -> bool:
    lasts = certificate.not_valid_after_utc - timezone.now() > RENEW_BEFORE
    return lasts and _names_in(certificate) == set(names) and _is_ours(certificate)


def _names_in(certificate: certificates.Certificate) -> set[str]:
    named = certificate.extensions.get_extension_for_class(certificates.SubjectAlternativeName).value
    return {str(name.value) for name in named}


def _is_ours(certificate: certificates.Certificate) -> bool:
    """Whether hosts believe it: the database may be another one than it was."""
    try:
        certificate.verify_directly_issued_by(authorities.gateway_authority().certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Whole or not at all, and never for others to read in between."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    fresh.replace(path)
