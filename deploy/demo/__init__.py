"""`xerelay demo`: a store's trading day through a real broker into the sandbox, compared to the cent."""
