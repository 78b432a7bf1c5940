"""A reader of passkeys for browsers that run on a machine without one."""

from typing import Any

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_key(visitor: Any) -> None:
    """Put a passkey reader into the machine of a visitor. It stays until somebody debugs the page."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
