"""OAuth 2.0 with Xero's identity host: consent, tokens, and the bearer of each request."""
