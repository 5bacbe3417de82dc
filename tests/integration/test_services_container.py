"""Whether a Docker engine is there: asked of sockets that answer as one would, or do not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.services.container import engine_answers


@contextmanager
def engine(path: Path, answer: bytes) -> Iterator[None]:
    """Answers one question."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(60)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(
    ("answer", "there"),
    [(b"HTTP/1.0 200 OK\r\n\r\nOK", True), (b"HTTP/1.0 500 Trouble\r\n\r\n", False), (b"", False)],
)
def test_engine_is_there_when_it_answers_well(
    public_dir: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, there: bool
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{public_dir}/docker.sock")

    with engine(public_dir / "docker.sock", answer):
        assert engine_answers() is there


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9"])
def test_engine_nobody_runs_is_not_there(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)

    assert not engine_answers()
