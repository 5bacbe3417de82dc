"""The documents of Xero as values: what they are, how they are named, and what they hold. Pure."""
