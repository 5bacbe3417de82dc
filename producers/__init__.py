"""From the store to the exchange."""
