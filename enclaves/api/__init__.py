"""The REST API of a tenant's clouds: views find through the owner, call one service, and answer."""
