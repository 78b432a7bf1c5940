"""A pretend AWS on a loopback port: moto's resources behind a gate that enforces what AWS enforces."""
