"""Stand-ins for the outside world that run on one machine: real HTTP servers, as strict as what they stand for."""
