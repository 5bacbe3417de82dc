"""The console's pages: each reads what it shows, or does one thing, and answers."""
