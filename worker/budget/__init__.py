"""The arithmetic of Xero's call limits. Pure: state in, time in, decision out."""
