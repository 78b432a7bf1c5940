"""Writes what a gateway has to have: its certificate for agents, its host key, and whom it believes."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import asyncssh
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import BaseCommand
from django.utils import timezone

from enclaves.provisioning import authorities
from enclaves.signing import x509
from enclaves.signing.rotation import Purpose


class Command(BaseCommand):
    help = "Write the files of a gateway into a folder; again before its certificate ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--name", action="append", required=True, help="as agents call it; may be repeated"
        )

    def handle(self, *args: Any, folder: Path, name: list[str], **options: Any) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = x509.gateway_certificate(
            authorities.gateway_authority(), key.public_key(), name, now=timezone.now()
        )
        _write(folder / "gateway.key", _private(key), 0o600)
        _write(folder / "gateway.pem", certificate.encode())
        _write(folder / "gateway_roots.pem", authorities.roots(Purpose.GATEWAYS).encode())
        _write(folder / "agent_roots.pem", authorities.roots(Purpose.HOSTS).encode())
        if not (folder / "host_key").exists():
            made = asyncssh.generate_private_key("ssh-ed25519")
            _write(folder / "host_key", made.export_private_key(), 0o600)
            _write(folder / "host_key.pub", made.export_public_key())
        self.stdout.write(f"{folder} holds what a gateway named {', '.join(name)} needs.")


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
