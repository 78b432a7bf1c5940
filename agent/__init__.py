"""What runs on a host: it keeps one connection outwards and opens sessions that somebody consented to."""

from __future__ import annotations

VERSION = "1.0.0"
