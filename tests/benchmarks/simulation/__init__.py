"""The parts of the simulated days: virtual time, broker, ledger and Xero around the real worker."""
