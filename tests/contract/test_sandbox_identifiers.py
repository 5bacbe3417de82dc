"""The ids of the sandbox."""

from __future__ import annotations

import uuid

from deploy.sandbox.xero.identifiers import new_id


def test_an_id_is_a_random_uuid_as_xero_writes_it() -> None:
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert {(str(uuid.UUID(one)) == one, uuid.UUID(one).version) for one in ids} == {(True, 4)}
    assert {uuid.UUID(one).variant for one in ids} == {uuid.RFC_4122}
