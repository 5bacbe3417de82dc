"""The worker process: organisations shared by leases, each served session after session."""
