"""What staff look at: a fleet of two tenants, see tests/enclaves/fleet.py."""

from tests.enclaves.fleet import count_queries, fleet, furnish, host_of, looks, text_of

__all__ = ["count_queries", "fleet", "furnish", "host_of", "looks", "text_of"]
