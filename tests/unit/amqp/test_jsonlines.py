from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from producers.jsonlines import Line, LineReader, Splitter
from schemas.codec import MAX_BODY_BYTES


@given(st.binary(max_size=200).map(lambda raw: raw.replace(b"x", b"\n")), st.integers(1, 20))
def test_lines_are_the_same_however_the_bytes_arrive(raw: bytes, size: int) -> None:
    splitter = Splitter()

    found = [line for at in range(0, len(raw), size) for line in splitter.feed(raw[at : at + size])]
    found += splitter.finish()

    pieces = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert found == [Line(number, piece) for number, piece in enumerate(pieces, 1) if piece.strip()]


def test_blank_lines_keep_their_number_but_do_not_come() -> None:
    splitter = Splitter()

    found = [*splitter.feed(b"\xef\xbb\xbfone\r\n\n  \nfour"), *splitter.finish()]

    assert found == [Line(1, b"one\r"), Line(4, b"four")]


def test_an_endless_line_takes_no_more_memory_than_a_message() -> None:
    splitter = Splitter()

    for _ in range(40):
        assert list(splitter.feed(b"x" * 100_000)) == []
    found = list(splitter.feed(b"\nnext\n"))

    assert [len(line.body) for line in found] == [MAX_BODY_BYTES + 1, 4]


async def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"%d\n" % number for number in range(50_000)))
    descriptor = os.open(path, os.O_RDONLY)

    found = [line async for line in LineReader(descriptor)]

    assert found[-1] == Line(50_000, b"49999")
    assert len(found) == 50_000


async def test_a_line_of_a_pipe_comes_when_it_is_written() -> None:
    read_end, write_end = os.pipe()
    lines = aiter(LineReader(read_end))

    os.write(write_end, b"one\ntw")
    first = await asyncio.wait_for(anext(lines), 30)
    os.write(write_end, b"o")
    os.close(write_end)
    second = await asyncio.wait_for(anext(lines), 30)

    assert (first, second) == (Line(1, b"one"), Line(2, b"two"))


async def test_stopping_ends_a_pipe_that_says_nothing() -> None:
    read_end, write_end = os.pipe()
    reader = LineReader(read_end)
    os.write(write_end, b"one\nhalf a li")

    found = []
    async for line in reader:
        found.append(line)
        asyncio.get_running_loop().call_later(0.05, reader.stop)

    os.close(write_end)
    assert found == [Line(1, b"one")]


async def test_a_read_error_ends_the_lines_and_is_kept(tmp_path: Path) -> None:
    reader = LineReader(os.open(tmp_path, os.O_RDONLY))

    found = [line async for line in reader]

    assert found == []
    assert isinstance(reader.error, IsADirectoryError)
