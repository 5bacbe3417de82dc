"""Adapters of other stores, as examples."""
