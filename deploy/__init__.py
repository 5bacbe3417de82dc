"""What runs around the worker: the sandbox, the demo and private services for both."""
