"""Stores as the configuration names them: their sources, their agents, and commands to them."""
