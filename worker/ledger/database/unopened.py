"""What is said of a SQLite file that cannot be opened."""

from __future__ import annotations

from pathlib import Path

from worker.ledger.database.errors import LedgerBehind, LedgerError, LedgerUnavailable
from worker.ledger.database.turn_file import gone, turn_file


def unopened(file: Path, why: str, *, making: bool = False) -> LedgerError:
    """Which file, why, and what to do; a file that is not there has yet to be made. Asks the file system.

    `making`: that was just tried, so that nobody is told to try it.
    """
    try:
        file.parent.stat()
        has_turns = turn_file(file).exists()  # before the file is looked for, which is made first
        if not file.exists():
            if has_turns:
                return gone(file)
            if making:
                cure = f"let this user write to the folder {file.parent}, or correct ledger.url"
                return LedgerUnavailable(f"ledger.url: {file} cannot be made: {why}", cure)
            cure = "run `xerelay db upgrade`, or start a worker"
            return LedgerBehind(f"the ledger's schema is not there, nor is its file {file}", cure)
        cure = "name a file in it" if file.is_dir() else "let this user read and write it, and write to its folder"
    except FileNotFoundError:
        cure = f"make the folder {file.parent}"
    except OSError:
        cure = "let this user read and write it, and all folders above it"
    return LedgerUnavailable(f"ledger.url: {file} cannot be opened: {why}", f"{cure}, or correct ledger.url")
