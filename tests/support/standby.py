"""A standby of a private PostgreSQL, and one ledger URL that leads to whichever of the two takes writes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from deploy.services import PrivatePostgres
from deploy.services.postgres import find_binaries
from deploy.services.process import Account
from tests.support.waiting import until_sync


class Pair:
    """A primary and the standby that follows it."""

    def __init__(self, folder: Path) -> None:
        self._primary_folder, self._standby_folder = folder / "one", folder / "two"
        for path in (self._primary_folder, self._standby_folder):
            path.mkdir()
        self._primary, self._standby = PrivatePostgres(self._primary_folder), PrivatePostgres(self._standby_folder)

    @property
    def url(self) -> str:
        """As the ledger has it."""
        parts, other = urlsplit(self._primary.url), urlsplit(self._standby_url)
        hosts = f"host=127.0.0.1,127.0.0.1&port={parts.port},{other.port}&target_session_attrs=read-write"
        return f"postgresql+psycopg://{parts.username}:{parts.password}@/postgres?{hosts}"

    @property
    def _standby_url(self) -> str:
        """A copy has the passwords of what it was copied from."""
        port = urlsplit(self._standby.url).port
        parts = urlsplit(self._primary.url)
        return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()

    def start(self) -> None:
        self._primary.start()
        self._copy()
        self._standby.start()

    def stop(self) -> None:
        self._standby.kill()
        self._primary.kill()

    def wait_for_the_standby(self) -> None:
        """From now on the primary commits nothing that the standby does not have."""
        self._run(self._primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        until_sync(lambda: self._is(self._primary.url, "SELECT sync_state = 'sync' FROM pg_stat_replication"))

    def let_it_catch_up(self) -> None:
        """The standby has what is committed now."""
        there = self._ask(self._primary.url, "SELECT pg_current_wal_flush_lsn()")
        until_sync(lambda: self._is(self._standby_url, f"SELECT pg_last_wal_replay_lsn() >= '{there}'"))

    def leave_it_behind(self) -> None:
        """The standby has what is committed now, and nothing that comes later."""
        self.let_it_catch_up()
        self._run(self._standby_url, "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        until_sync(lambda: self._is(self._standby_url, "SELECT count(*) = 0 FROM pg_stat_wal_receiver"))

    def commit_something(self) -> str:
        """As another process does; returns the transaction's id."""
        self._run(self._primary.url, "CREATE TABLE IF NOT EXISTS others ()")
        insert = "INSERT INTO others DEFAULT VALUES RETURNING CAST(pg_current_xact_id() AS text)"
        return str(self._ask(self._primary.url, insert))

    def fail_over(self) -> None:
        """The primary is gone, and the standby takes writes."""
        self._primary.kill()
        self._run(self._standby_url, "SELECT pg_promote()")

    def _copy(self) -> None:
        account, binaries = Account.unprivileged(), find_binaries()
        assert binaries is not None
        shutil.chown(self._standby_folder, account.uid, account.gid)
        command = [str(binaries / "pg_basebackup"), "-D", str(self._standby_folder / "data"), "--write-recovery-conf"]
        command += ["--checkpoint=fast", "--no-sync", "-d", self._primary.url]
        subprocess.run(  # type: ignore[call-overload] # typeshed wants each user argument spelled out
            command, cwd=self._standby_folder, check=True, timeout=60, **account.popen_arguments()
        )

    def _is(self, url: str, question: str) -> bool:
        return self._ask(url, question) is True

    @staticmethod
    def _ask(url: str, question: str) -> object:
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(question.encode()).fetchone()
            return row[0] if row else None

    def _run(self, url: str, *commands: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for command in commands:
                connection.execute(command.encode())


@contextmanager
def primary_and_standby(folder: Path) -> Iterator[Pair]:
    """Both below `folder`, which every user can reach."""
    pair = Pair(folder)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()
