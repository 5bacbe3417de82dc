"""Notices: a digest of what waits for a person, by e-mail or webhook, no more often than they want."""
