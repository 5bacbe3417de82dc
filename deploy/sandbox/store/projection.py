"""`fields=`: trims a reply after everything was loaded [store 2.4]."""

from __future__ import annotations

import re
from typing import Any

_ALLOWED = re.compile(r"[\w\[\],]*")
_PART = re.compile(r"\w+|[\[\],]")
Tree = dict[str, Any]


def parse_fields(text: str) -> Tree | None:
    """The fields as a tree; None where they cannot be read, and the reply will be empty."""
    if not _ALLOWED.fullmatch(text) or text.count("[") != text.count("]"):
        return None
    root: Tree = {}
    stack, last = [root], ""
    for part in _PART.findall(text):
        if part == "[":
            if not last:
                return None
            stack.append(stack[-1].setdefault(last, {}))
            last = ""
        elif part == "]":
            if len(stack) == 1:
                return None
            stack.pop()
            last = ""
        elif part != ",":
            last = part
            stack[-1].setdefault(part, {})
    return root


def project(value: Any, tree: Tree) -> Any:
    """What the tree names of a value; all of it where the tree names nothing."""
    if not tree:
        return value
    if isinstance(value, list):
        return [project(one, tree) for one in value]
    if isinstance(value, dict):
        return {key: project(value[key], below) for key, below in tree.items() if key in value}
    return value
