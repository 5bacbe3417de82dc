"""A Xero organisation on one machine.

`[xero 4.1]` in this package names a section of docs/xero-rules.md, which lists every rule that is enforced here and
the page of Xero it comes from.
"""
