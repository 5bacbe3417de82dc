"""When each lane is consumed, and when its backlog will be done. Pure: times are given."""
