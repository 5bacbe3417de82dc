"""The ledger's documents restored from the stores and Xero, after its database was lost."""
