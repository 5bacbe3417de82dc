"""The wire contract: what stores publish and what admins ask for. Pydantic only, no I/O."""
