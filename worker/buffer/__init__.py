"""What one organisation's worker holds in memory, a slot for each document. Pure but for the deliveries it carries."""
