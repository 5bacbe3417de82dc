"""Every call to Xero, with the budget that it is counted in."""
