"""A pretend Azure on a loopback port: Entra's tokens and Resource Manager's rules, for unmodified SDKs."""
