"""The web console: a process of its own that shows the service to people, and lets an admin act on it."""
