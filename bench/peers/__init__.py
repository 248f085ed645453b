"""The servers that the gateway is measured beside, each a process of its own."""
