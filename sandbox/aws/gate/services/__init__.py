"""One module per service: which checks a call must pass, and what the gate answers by itself."""
