"""A pretend identity provider: OpenID Connect for a few people who need no password, on this machine only."""
