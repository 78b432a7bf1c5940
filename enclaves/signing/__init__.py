"""What the portal signs: keys at rest, SSH certificates, grant tokens and the identities of hosts."""
