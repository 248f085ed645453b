"""Two tenants that hold everything alike, with canaries: whoever works for A must never meet anything of B."""
