"""Store against Xero: what differs, by document and in the sums of days, tax rates and accounts."""
