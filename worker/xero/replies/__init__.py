"""What Xero's replies mean, from bytes to a verdict on each document. Pure."""
