"""The HTTP endpoint of a worker's or an agent's process: `/metrics`, `/healthz`, `/readyz`."""
