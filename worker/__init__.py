"""From the queue to Xero."""
