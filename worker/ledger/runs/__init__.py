"""What agents of stores keep: cursors, what was published, and the runs of commands."""
