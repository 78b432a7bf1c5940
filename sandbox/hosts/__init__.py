"""Machines of the pretend clouds, played by processes: each runs the portal's agent, as a real one would."""
