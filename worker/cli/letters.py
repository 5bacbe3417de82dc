"""What is printed where a terminal's encoding lacks a letter: stores have names from everywhere."""

from __future__ import annotations

import codecs
import io
import sys

_PRINTED = "xerelay.printed"
_ALIKE = {"–": "-", "—": "-", "…": "...", "█": "#", "‘": "'", "’": "'", "“": '"', "”": '"'}


def print_all() -> None:
    """From now on no letter ends a command: of those that stdout lacks it prints what looks like them, or `?`."""
    codecs.register_error(_PRINTED, _alike)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_PRINTED)


def has_all() -> bool:
    """Whether what is printed arrives as it is, in UTF-8."""
    encoding = getattr(sys.stdout, "encoding", None)
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def _alike(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_ALIKE.get(letter, "?") for letter in error.object[error.start : error.end]), error.end
