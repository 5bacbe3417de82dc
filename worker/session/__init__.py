"""What the parts that serve one organisation under one lease share, and what ends it."""
