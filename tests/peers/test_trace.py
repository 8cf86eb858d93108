"""The parser of traces: lines as strace 6.1 wrote them."""

import pytest

from tests.peers.trace import (
    Call,
    Closed,
    Event,
    FolderMade,
    Linked,
    Opened,
    Received,
    Renamed,
    Sent,
    Synced,
    Unlinked,
    Wrote,
    read_calls,
    read_events,
    unquote,
)

NAME = "/h/a <b> é,c"
LINES = {
    "openat at a folder": (
        r'7 openat(AT_FDCWD</w>, "x", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 5</w/x>',
        Opened(7, 1, 1, "/w/x", frozenset({"O_WRONLY", "O_CREAT", "O_EXCL", "O_CLOEXEC"})),
    ),
    "escaped name": (
        r'7 openat(AT_FDCWD</w>, "/h/a <b> \303\251,c", O_RDONLY) = 5</h/a \74b\76 \303\251,c>',
        Opened(7, 1, 1, NAME, frozenset({"O_RDONLY"})),
    ),
    "no descriptor shown": (
        '7 openat(3</h>, "new", O_RDWR) = 5',
        Opened(7, 1, 1, "/h/new", frozenset({"O_RDWR"})),
    ),
    "creat": (
        '7 creat("/h/x", 0600) = 5</h/x>',
        Opened(7, 1, 1, "/h/x", frozenset({"O_CREAT", "O_TRUNC"})),
    ),
    "write": (
        r'7 write(5</h/a \74b\76 \303\251,c>, "hello \"w\" \0\377\n) = 3"..., 9000) = 9000',
        Wrote(7, 1, 1, NAME),
    ),
    "pwrite64": ('7 pwrite64(5</h/x-wal>, "\\0", 1, 32) = 1', Wrote(7, 1, 1, "/h/x-wal")),
    "writev": ('7 writev(5</h/x>, [{iov_base="a", iov_len=1}], 1) = 1', Wrote(7, 1, 1, "/h/x")),
    "ftruncate": ("7 ftruncate(5</h/x>, 0) = 0", Wrote(7, 1, 1, "/h/x")),
    "truncate": ('7 truncate("x", 0) = 0', Wrote(7, 1, 1, "/start/x")),
    "write to a socket": (
        r'7 write(4<socket:[4109]>, "+OK\r\n", 5) = 5',
        Sent(7, 1, 1, "socket:[4109]", b"+OK\r\n"),
    ),
    "sendto": (
        r'7 sendto(4<socket:[4109]>, "+OK\r\n", 5, 0, NULL, 0) = 5',
        Sent(7, 1, 1, "socket:[4109]", b"+OK\r\n"),
    ),
    "sendto with addresses": (
        '7 sendto(4<TCP:[127.0.0.1:1->127.0.0.1:2]>, "x", 1, 0, NULL, 0) = 1',
        Sent(7, 1, 1, "TCP:[127.0.0.1:1->127.0.0.1:2]", b"x"),
    ),
    "sendmsg": (
        '7 sendmsg(4<socket:[1]>, {msg_iov=[{iov_base="x", iov_len=1}, {iov_base="yy"}]}, 0) = 3',
        Sent(7, 1, 1, "socket:[1]", b"xyy"),
    ),
    "recvfrom": (
        r'7 recvfrom(4<socket:[1]>, "QUIT\r\n", 4096, 0, NULL, NULL) = 6',
        Received(7, 1, 1, "socket:[1]", b"QUIT\r\n"),
    ),
    "fsync": ("7 fsync(6</h>)               = 0", Synced(7, 1, 1, "/h")),
    "fdatasync": ("7 fdatasync(6</h/x>) = 0", Synced(7, 1, 1, "/h/x")),
    "rename": ('7 rename("/h/x", "y") = 0', Renamed(7, 1, 1, "/h/x", "/start/y")),
    "renameat": ('7 renameat(3</h>, "x", 4</g>, "y") = 0', Renamed(7, 1, 1, "/h/x", "/g/y")),
    "renameat2": (
        '7 renameat2(AT_FDCWD</w>, "x", AT_FDCWD</w>, "../y", RENAME_NOREPLACE) = 0',
        Renamed(7, 1, 1, "/w/x", "/y"),
    ),
    "link": ('7 link("/h/x", "/h/y") = 0', Linked(7, 1, 1, "/h/x", "/h/y")),
    "linkat": ('7 linkat(3</h>, "x", 3</h>, "y", 0) = 0', Linked(7, 1, 1, "/h/x", "/h/y")),
    "unlink": ('7 unlink("/h/x") = 0', Unlinked(7, 1, 1, "/h/x")),
    "unlinkat": ('7 unlinkat(3</h>, "x", 0) = 0', Unlinked(7, 1, 1, "/h/x")),
    "rmdir": ('7 rmdir("/h/d") = 0', Unlinked(7, 1, 1, "/h/d")),
    "mkdir": ('7 mkdir("/h/d", 0700) = 0', FolderMade(7, 1, 1, "/h/d")),
    "mkdirat": ('7 mkdirat(3</h>, "d", 0700) = 0', FolderMade(7, 1, 1, "/h/d")),
    "close": ("7 close(6</h/x>) = 0", Closed(7, 1, 1, "/h/x")),
    "on a terminal": ("[pid    7] close(6</h/x>) = 0", Closed(7, 1, 1, "/h/x")),
    "one process": ("close(6</h/x>) = 0", Closed(0, 1, 1, "/h/x")),
}
UNTOLD = [
    '7 openat(AT_FDCWD</w>, "/nothing", O_RDONLY) = -1 ENOENT (No such file or directory)',
    "7 fsync(5</h/x>) = -1 EIO (Input/output error)",
    '7 rename("/h/x", "/h/y") = ?',
    "7 fsync(5 <unfinished ...>) = ?",
    '7 write(5</h/x>(deleted), "z", 1) = 1',
    '7 write(1<pipe:[4204]>, "z", 1) = 1',
    '7 write(1, "z", 1) = 1',
    "7 fsync(5) = 0",
    '7 renameat2(3</h>, "x", 3</h>, "y", RENAME_EXCHANGE) = 0',
    "7 close(4<socket:[1]>) = 0",
    "7 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---",
    "7 +++ exited with 0 +++",
    "7 +++ killed by SIGKILL +++",
    '7 write(5</h/x>, "cut off',
    "7 <... fsync resumed>) = 0",
    "",
]


@pytest.mark.parametrize("case", LINES)
def test_a_line_becomes_an_event(case: str) -> None:
    line, event = LINES[case]

    assert [event] == read_events([line], "/start")


@pytest.mark.parametrize("line", UNTOLD)
def test_what_failed_or_names_no_file_becomes_nothing(line: str) -> None:
    assert [] == read_events([line])


def test_a_broken_call_spans_its_lines() -> None:
    lines = [
        "7 fsync(5</h/x> <unfinished ...>",
        '8 openat(AT_FDCWD</w>, "/h/y", O_RDONLY <unfinished ...>',
        '9 write(6</h/z>, "\\n", 1) = 1',
        "7 <... fsync resumed>)        = 0",
        "8 <... openat resumed>)       = 7</h/y>",
    ]
    expected: list[Event] = [
        Wrote(9, 3, 3, "/h/z"),
        Synced(7, 1, 4, "/h/x"),
        Opened(8, 2, 5, "/h/y", frozenset({"O_RDONLY"})),
    ]

    assert expected == read_events(lines)


def test_a_call_may_be_broken_inside_its_arguments() -> None:
    lines = [
        "7 recvfrom(5<socket:[1]>,  <unfinished ...>",
        "8 close(3</h/x> <unfinished ...>",
        '7 <... recvfrom resumed>"QUIT\\r\\n", 100, 0, NULL, NULL) = 6',
    ]

    assert [Received(7, 1, 3, "socket:[1]", b"QUIT\r\n")] == read_events(lines)


def test_each_thread_has_its_own_folder() -> None:
    lines = [
        '7 chdir("/one") = 0',
        '8 openat(AT_FDCWD</two>, "x", O_RDONLY) = -1 ENOENT (No such file or directory)',
        '8 chdir("sub") = 0',
        '7 unlink("x") = 0',
        '8 chdir("away") = -1 ENOENT (No such file or directory)',
        '8 unlink("y") = 0',
    ]

    assert [Unlinked(7, 4, 4, "/one/x"), Unlinked(8, 6, 6, "/two/sub/y")] == read_events(lines)


def test_failed_calls_are_calls() -> None:
    [call] = read_calls(["7 fsync(5) = -1 EIO (Input/output error)"])

    assert Call(7, 1, 1, "fsync", ("5",), "-1 EIO (Input/output error)") == call
    assert call.has_failed


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (r"\r\n\t\v\f\"\\", b'\r\n\t\v\f"\\'),
        (r"\0\33\303\251", b"\0\x1b\xc3\xa9"),
        (r"\0011", b"\x011"),
        (r"\x1b[", b"\x1b["),
        ("plain", b"plain"),
    ],
)
def test_escapes_become_octets(text: str, octets: bytes) -> None:
    assert octets == unquote(text)
