"""What is taken for a reply, and how much memory a server can make us use."""

from __future__ import annotations

import pytest

from pigeon.remotes.ftp_replies import MAX_LINE, MAX_REPLY, NotFTP, Reply, ReplyReader

TALK = (
    b"220 hello\r\n"
    b"211-Features:\r\n MLST size*;\r\n211-again\r\n UTF8\r\n211 End\r\n"
    b"250\n"
    b"213 7\r\n"
)
REPLIES = [
    Reply(220, ("hello",)),
    Reply(211, ("Features:", " MLST size*;", "again", " UTF8", "End")),
    Reply(250, ("",)),
    Reply(213, ("7",)),
]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_replies_in_whatever_pieces_they_come(size: int) -> None:
    reader, found = ReplyReader(), []
    for start in range(0, len(TALK), size):
        found += reader.feed(TALK[start : start + size])
    assert found == REPLIES
    assert not reader.inside


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\n",
        b"2200 hello\r\n",
        b"22\r\n",
        b"\r\n",
    ],
)
def test_other_protocols(data: bytes) -> None:
    with pytest.raises(NotFTP) as caught:
        list(ReplyReader().feed(data))
    assert str(caught.value).isprintable()


def test_a_line_without_end() -> None:
    reader = ReplyReader()
    with pytest.raises(NotFTP, match="a line without end"):
        for _ in range(2 * MAX_LINE // 1000):
            list(reader.feed(b"2" * 1000))


def test_a_reply_without_end() -> None:
    reader = ReplyReader()
    list(reader.feed(b"230-welcome\r\n"))
    with pytest.raises(NotFTP, match="a reply without end"):
        for _ in range(2 * MAX_REPLY // 1000):
            list(reader.feed(b"x" * 998 + b"\r\n"))
