"""What a process has logged, read line by line: a text that is looked for may be there in other words."""

from __future__ import annotations

import json
from typing import Any


def told(log: str, **fields: Any) -> list[dict[str, Any]]:
    """The lines with these values. The last may be half written."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{") and line.endswith("}")]
    return [line for line in lines if fields.items() <= line.items()]
