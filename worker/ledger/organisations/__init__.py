"""What the ledger has once for each organisation or connection: leases, pauses, tenants, tokens, overlays."""
