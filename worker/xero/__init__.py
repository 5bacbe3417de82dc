"""The only HTTP of the worker: calls to Xero, the tokens they need, and what the replies mean."""
