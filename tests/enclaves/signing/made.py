"""Keys and requests as tests need them."""

import base64
import shutil
import struct
import subprocess
from datetime import UTC, datetime

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOST = "b0e90c77-34a5-47c5-bba1-1f8a08825ba8"
needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH's client is not here")
SESSION = "407e08a1-d33e-4e06-8c3e-f69c8e04b5c0"


def ssh_line(algorithm, **options):
    return asyncssh.generate_private_key(algorithm, **options).export_public_key().decode().strip()


def security_key_line(kind):
    """The public half of a key on a security key, as its maker hands it out: no such device is needed."""
    if kind == "sk-ssh-ed25519@openssh.com":
        parts = [asyncssh.generate_private_key("ssh-ed25519").pyca_key.public_key().public_bytes_raw()]
    else:
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        form = serialization.PublicFormat.UncompressedPoint
        parts = [b"nistp256", point.public_bytes(serialization.Encoding.X962, form)]
    return wire_line(kind, *parts, b"ssh:")


def wire_line(kind, *parts):
    """A key line of any parts, each as an SSH string."""
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()}"


def ed25519_line(raw):
    return wire_line("ssh-ed25519", raw)


def request_for(key, subject=""):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)] if subject else [])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def ssh_keygen(*arguments):
    """Ask OpenSSH itself: its exit status and what it said."""
    command = [shutil.which("ssh-keygen"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- of tests
    return done.returncode, done.stdout
