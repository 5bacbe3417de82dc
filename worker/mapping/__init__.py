"""From a store's events to Xero's documents. Pure: no I/O, no clock."""
