"""Taking one customer's personal data out of the ledger. What keeps the books correct stays: ids, hashes, versions."""
