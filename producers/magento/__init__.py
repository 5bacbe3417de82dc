"""A Magento 2 store, read over its REST API. `open_store` is the way in; `translate` is pure."""

from producers.magento.open import Access, open_store

__all__ = ["Access", "open_store"]
