"""Events that wait in the ledger: for a time, for a parent document, or for a person."""
