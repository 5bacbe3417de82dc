"""Refusals that come of what people did in Xero: the question that tells, and what follows from its answer."""
