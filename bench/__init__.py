"""How fast the gateway is beside what else one could use. `scripts/bench` runs it; it is no part of the tests."""
