"""How each state looks: its tone, its shape and its word, in one table for pages, drawings and messages."""

from typing import Final, NamedTuple


class Look(NamedTuple):
    """A state is never a colour alone: the tone colours, the shape draws, the word says it."""

    tone: str
    shape: str
    word: str

    @property
    def moving(self) -> bool:
        return self.tone == "run"


def _look(tone: str, shape: str) -> dict[str, str]:
    return {"tone": tone, "shape": shape}


OK: Final = _look("ok", "s-ok")
RUN: Final = _look("run", "s-run")
WARN: Final = _look("warn", "s-warn")
BAD: Final = _look("bad", "s-bad")
CLOCK: Final = _look("idle", "s-wait")
BAR: Final = _look("idle", "s-idle")
UNKNOWN: Final = _look("idle", "s-unk")
PAUSE: Final = _look("idle", "s-frozen")

_STYLES: Final[dict[str, dict[str, dict[str, str]]]] = {
    "account": {
        "pending": CLOCK,
        "verifying": RUN,
        "verified": OK,
        "degraded": WARN,
        "insecure": BAD,
        "removed": BAR,
        "frozen": PAUSE,
    },
    "enclave": {
        "pending": CLOCK,
        "ready": OK,
        "degraded": WARN,
        "removed": BAR,
    },
    "deployment": {
        "planned": CLOCK,
        "rolling_out": RUN,
        "live": OK,
        "held_back": WARN,
        "retiring": WARN,
        "retired": BAR,
    },
    "host": {
        "planned": CLOCK,
        "provisioned": RUN,
        "ready": RUN,
        "active": OK,
        "retiring": WARN,
        "failed": BAD,
        "deprovisioned": BAR,
        "parked": PAUSE,
    },
    "operation": {
        "queued": CLOCK,
        "running": RUN,
        "finished": OK,
        "failed": BAD,
        "cancelled": BAR,
        "frozen": PAUSE,
    },
    "access": {
        "requested": CLOCK,
        "approved": RUN,
        "active": OK,
        "ended": OK,
        "expired": OK,
        "finished": OK,
        "revoked": BAR,
        "frozen": PAUSE,
        "denied": BAR,
        "withdrawn": BAR,
        "lapsed": BAR,
        "activation_failed": WARN,
        "revocation_failed": BAD,
    },
    "agent": {
        "heard": OK,
        "silent": WARN,
        "waiting": CLOCK,
        "never": UNKNOWN,
        "gone": BAR,
    },
    "token": {
        "active": OK,
        "suspended": PAUSE,
        "expired": CLOCK,
        "revoked": BAR,
    },
    "service_account": {
        "active": OK,
        "disabled": PAUSE,
    },
    "invitation": {
        "pending": CLOCK,
        "accepted": OK,
        "expired": WARN,
        "revoked": BAR,
    },
    "zone": {
        "healthy": OK,
        "troubled": WARN,
        "degraded": WARN,
        "open": OK,
        "closed": BAR,
    },
    "staff": {
        "active": OK,
        "left": BAR,
    },
    "sign_on": {
        "untried": CLOCK,
        "in_force": OK,
        "required": OK,
    },
    "check": {
        "waiting": CLOCK,
        "running": RUN,
        "passed": OK,
        "failed": BAD,
        "skipped": BAR,
        "unknown": UNKNOWN,
    },
    "step": {
        "waiting": CLOCK,
        "running": RUN,
        "done": OK,
        "failed": BAD,
    },
}

_WORDS: Final = {
    ("check", "waiting"): "not started",
    ("agent", "heard"): "heard of",
    ("agent", "waiting"): "not enrolled yet",
    ("agent", "never"): "never enrolled",
    ("sign_on", "untried"): "not tried yet",
    ("sign_on", "in_force"): "in force",
    ("zone", "troubled"): "look at it",
    ("access", "activation_failed"): "activation failed",
    ("access", "revocation_failed"): "revocation failed",
    ("deployment", "rolling_out"): "rolling out",
    ("deployment", "held_back"): "held back",
}

LOOKS: Final[dict[tuple[str, str], Look]] = {
    (kind, state): Look(word=_WORDS.get((kind, state), state), **style)
    for kind, states in _STYLES.items()
    for state, style in states.items()
}


# What is drawn inside a host of a drawing, around its middle.
GLYPHS: Final = {
    "ok": "M-5 0-1.500 3.500 5-4",
    "run": "M-4 0A4 4 0 0 1 4 0",
    "warn": "M0-5V1M0 4.600V4.700",
    "bad": "M-4-4 4 4M4-4-4 4",
    "idle": "M-4 0H4",
}


def look_of(kind: str, state: str) -> Look:
    """The look of one state; a state without a line in the table is a KeyError, found by the tests."""
    return LOOKS[kind, str(state)]
