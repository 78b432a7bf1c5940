"""Microsoft.Network: virtual networks, security groups, gateways, addresses, interfaces."""
