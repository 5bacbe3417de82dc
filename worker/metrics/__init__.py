"""What a process shows to Prometheus and to a readiness probe. docs/metrics.md lists every metric."""
