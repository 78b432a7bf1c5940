"""The pages of tenants, members, tokens and the audit, and how every page of the project answers."""
