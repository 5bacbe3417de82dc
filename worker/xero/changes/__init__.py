"""How a document that is in Xero already may be changed, if at all. Pure."""
