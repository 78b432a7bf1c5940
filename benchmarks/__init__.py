"""Measurements of a running portal. Never imported by the product."""
