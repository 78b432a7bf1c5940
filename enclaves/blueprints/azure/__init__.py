"""The blueprint of Azure: what a tenant applies in its subscription, as ARM templates."""

