"""RabbitMQ as `compose.yaml` runs it: the topology, and for each role a user with no right it can do without."""
