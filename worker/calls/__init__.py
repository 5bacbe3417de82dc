"""From the buffer to Xero and back to the ledger: each call from its opening to its closing."""
