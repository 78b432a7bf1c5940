"""The REST API of tenants, and what every API view of the project builds on: base, problems, pages."""
