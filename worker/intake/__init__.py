"""From messages to the buffer: read, check, compare with the ledger, hold what cannot go on."""
