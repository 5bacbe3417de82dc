"""The wire contract: what stores publish and what admins ask for. Pydantic and msgspec, no I/O."""
