"""What operators and admins ask, as values: read from the ledger and the broker, shown by the commands and the console.

Nothing here prints, and nothing is changed.
"""
