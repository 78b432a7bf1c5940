"""Makes the one file that a host needs: `python -m agent.build PACKAGES OUTPUT`, which `make agent` calls.

PACKAGES is a folder into which websockets was installed. The same input always makes the same file, so its
hash says what is in it.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

_LEFT_OUT = "build.py"
_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = "import sys\nfrom agent.__main__ import main\n\nsys.exit(main())\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say


def build(packages: Path, output: Path) -> str:
    """Write the file; its SHA-256."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as file:
        file.write(_SHEBANG)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _contents(packages):
                _add(archive, name, content)
    output.chmod(0o755)
    return hashlib.sha256(output.read_bytes()).hexdigest()


def _contents(packages: Path) -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN.encode()
    own = Path(__file__).parent
    for path in sorted(own.glob("*.py")):
        if path.name != _LEFT_OUT:
            yield f"agent/{path.name}", path.read_bytes()
    # Python alone: what was compiled would be for one machine, and websockets does without.
    for path in sorted((packages / "websockets").rglob("*.py")):
        yield path.relative_to(packages).as_posix(), path.read_bytes()
    for path in sorted(packages.glob("websockets-*.dist-info/**/*")):
        if path.name in ("METADATA", "LICENSE"):
            yield path.relative_to(packages).as_posix(), path.read_bytes()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


if __name__ == "__main__":
    where, made = (Path(one) for one in sys.argv[1:])
    sys.stdout.write(f"{build(where, made)}  {made}\n")
