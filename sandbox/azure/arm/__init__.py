"""Resource Manager's addresses: what each of them answers."""
