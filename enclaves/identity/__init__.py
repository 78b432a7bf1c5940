"""What a cloud says about its own machines, and how much of it is believed."""
