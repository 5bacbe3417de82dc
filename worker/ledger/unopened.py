"""What is said of a SQLite file that cannot be opened."""

from __future__ import annotations

from pathlib import Path

from worker.ledger.errors import LedgerUnavailable


def unopened(file: Path, why: str) -> LedgerUnavailable:
    """Which file, why, and what to do. Asks the file system."""
    return LedgerUnavailable(f"ledger.url: {file} cannot be opened: {why}", f"{_cure(file)}, or correct ledger.url")


def _cure(file: Path) -> str:
    try:
        file.parent.stat()
        if file.is_dir():
            return "name a file in it"
    except FileNotFoundError:
        return f"make the folder {file.parent}"
    except OSError:
        pass  # the folders above it are closed to us
    return "let this user read and write it, and write to its folder"
