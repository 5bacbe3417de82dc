"""The state database: which document holds which version, every call made, what is held. The only SQL."""
