"""A ledger on a PostgreSQL that speaks TLS alone: whom we trust, that names are compared, where the password stands."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.services import ServerCertificate, private_postgres
from tests.support.certificates import CertificateAuthority
from tests.support.settings_cases import MINIMAL
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.settings import load


@dataclass(frozen=True)
class Party:
    """A server that one authority vouches for as `localhost`."""

    port: int
    ca: Path
    stranger: Path
    password_file: Path

    def ledger_url(self, folder: Path, *, host: str = "localhost", ca: Path | None = None, query: str = "") -> str:
        """What the settings make of it."""
        lines = [f'url = "postgresql://xerelay@{host}:{self.port}/postgres{query}"']
        lines += [f'password_file = "{self.password_file}"']
        lines += [f'ca_file = "{ca}"'] if ca else []
        config = folder / "xerelay.toml"
        config.write_text(MINIMAL.replace("[ledger]", "\n".join(["[ledger]", *lines])))
        return load(config, {}).ledger.url.get_secret_value()


@pytest.fixture(scope="module")
def party() -> Iterator[Party]:
    folder = Path(tempfile.mkdtemp(prefix="xerelay-"))
    folder.chmod(0o755)
    ours, stranger = CertificateAuthority(folder, "ours"), CertificateAuthority(folder, "stranger")
    certificate, key = ours.issue("localhost")
    with private_postgres(folder, tls=ServerCertificate(certificate, key)) as cluster:
        parts = urlsplit(cluster.url)
        password_file = folder / "ledger-password"
        password_file.write_text(f"{parts.password}\n")
        assert parts.port
        yield Party(parts.port, ours.file, stranger.file, password_file)
    shutil.rmtree(folder)


async def test_the_ledger_is_kept_over_tls_with_a_password_from_a_file(party: Party, tmp_path: Path) -> None:
    url = party.ledger_url(tmp_path, ca=party.ca)

    await upgrade(url)
    ledger = await Ledger.open(url, encryption_key=None)
    workers = await ledger.leases.live_workers(within_s=1)
    await ledger.close()

    assert list(workers) == []


async def test_an_unknown_authority_is_refused(party: Party, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match=r"certificate verify failed.*: mend ledger.ca_file, and the host"):
        await upgrade(party.ledger_url(tmp_path, ca=party.stranger))


async def test_another_host_name_is_refused(party: Party, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="does not match host name"):
        await upgrade(party.ledger_url(tmp_path, host="127.0.0.1", ca=party.ca))


async def test_a_mode_in_the_url_holds(party: Party, tmp_path: Path) -> None:
    await upgrade(party.ledger_url(tmp_path, query="?sslmode=require"))

    with pytest.raises(LedgerUnavailable, match=r"no encryption: let user and machine in .*or mend sslmode"):
        await upgrade(party.ledger_url(tmp_path, query="?sslmode=disable"))


async def test_a_refused_password_is_not_told(party: Party, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("Pl4nted-Secr3t")

    said = "refuses us: .*password authentication failed .*: mend user and password in ledger.url, or ledger.password"
    with pytest.raises(LedgerUnavailable, match=said) as raised:
        await upgrade(Party(party.port, party.ca, party.stranger, wrong).ledger_url(tmp_path, ca=party.ca))

    assert "Pl4nted" not in str(raised.value)
