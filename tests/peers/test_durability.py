"""The judge of traces: good order passes, and each kind of promise too early is caught."""

import pytest

from tests.peers.durability import Rule, Violation, reply_to_quit, says, violations
from tests.peers.trace import read_events

HOME = "/h"
CREATE = 'openat(AT_FDCWD</>, "/h/new/a", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</h/new/a>'
WRITE = 'write(5</h/new/a>, "octets", 6) = 6'
SYNC = "fsync(5</h/new/a>) = 0"
RENAME = 'rename("/h/new/a", "/h/cur/a") = 0'
SYNC_NEW = "fsync(6</h/new>) = 0"
SYNC_CUR = "fsync(6</h/cur>) = 0"
WAL = 'pwrite64(7</h/db-wal>, "frames", 6, 32) = 6'
SYNC_WAL = "fdatasync(7</h/db-wal>) = 0"
HEAR = r'recvfrom(4<socket:[1]>, "QUIT\r\n", 4096, 0, NULL, NULL) = 6'
PROMISE = r'sendto(4<socket:[1]>, "+OK Bye.\r\n", 10, 0, NULL, 0) = 10'
SAID = b"+OK Bye.\r\n"
GOOD = [CREATE, WRITE, SYNC, RENAME, SYNC_CUR, WAL, SYNC_WAL, HEAR, PROMISE]


def judge(*lines: str, existing: tuple[str, ...] = ("/h/db-wal",)) -> list[tuple[Rule, str]]:
    """Give the rules broken in a trace; a line without a thread is thread 1's."""
    numbered = [line if line[0].isdigit() else f"1 {line}" for line in lines]
    found = violations(read_events(numbered), HOME, existing=existing)
    return [(each.rule, each.path) for each in found]


def without(*left_out: str) -> list[str]:
    return [line for line in GOOD if line not in left_out]


def test_good_order_passes() -> None:
    assert [] == judge(*GOOD)


@pytest.mark.parametrize(
    ("left_out", "rule", "path"),
    [
        (SYNC, Rule.FILE, "/h/cur/a"),
        (SYNC_CUR, Rule.RENAMED, "/h/cur/a"),
        (SYNC_WAL, Rule.WAL, "/h/db-wal"),
    ],
)
def test_a_missing_sync_is_caught(left_out: str, rule: Rule, path: str) -> None:
    assert [(rule, path)] == judge(*without(left_out))


def test_a_made_file_without_its_folder_is_caught() -> None:
    assert [(Rule.CREATED, "/h/new/a")] == judge(CREATE, WRITE, SYNC, HEAR, PROMISE)
    assert [] == judge(CREATE, WRITE, SYNC, SYNC_NEW, HEAR, PROMISE)


def test_a_promise_before_the_log_is_synced_is_caught() -> None:
    early = [*without(SYNC_WAL), SYNC_WAL]
    found = violations(read_events(early), HOME, existing=["/h/db-wal"])

    assert [Violation(Rule.WAL, "/h/db-wal", 6, 8, SAID)] == found
    assert "line 8: '+OK Bye.' was sent, but /h/db-wal" in str(found[0])


def test_a_write_after_the_sync_is_caught() -> None:
    late = [CREATE, WRITE, SYNC, WRITE, SYNC_NEW, HEAR, PROMISE]

    assert [(Rule.FILE, "/h/new/a")] == judge(*late)


def test_the_wrong_folder_does_not_count() -> None:
    wrong = [SYNC_NEW if line == SYNC_CUR else line for line in GOOD]

    assert [(Rule.RENAMED, "/h/cur/a")] == judge(*wrong)


def test_a_folder_synced_before_the_rename_does_not_count() -> None:
    early = [CREATE, WRITE, SYNC, SYNC_CUR, RENAME, HEAR, PROMISE]

    assert [(Rule.RENAMED, "/h/cur/a")] == judge(*early)


def test_a_failed_sync_does_not_count() -> None:
    failed = [
        "fsync(5</h/new/a>) = -1 EIO (Input/output error)" if line == SYNC else line
        for line in GOOD
    ]

    assert [(Rule.FILE, "/h/cur/a")] == judge(*failed)


def test_a_made_folder_needs_its_parent() -> None:
    make = 'mkdir("/h/cur/ab", 0700) = 0'

    assert [(Rule.FOLDER, "/h/cur/ab")] == judge(make, HEAR, PROMISE)
    assert [] == judge(make, SYNC_CUR, HEAR, PROMISE)


def test_a_second_name_needs_its_folder_and_shares_the_content() -> None:
    link = 'link("/h/new/a", "/h/cur/a") = 0'
    unlink = 'unlink("/h/new/a") = 0'

    assert [] == judge(CREATE, WRITE, link, SYNC, unlink, SYNC_CUR, HEAR, PROMISE)
    assert [(Rule.CREATED, "/h/cur/a")] == judge(CREATE, WRITE, link, SYNC, unlink, HEAR, PROMISE)
    assert [(Rule.FILE, "/h/cur/a")] == judge(CREATE, WRITE, link, unlink, SYNC_CUR, HEAR, PROMISE)


def test_a_removed_file_needs_nothing() -> None:
    assert [] == judge(CREATE, WRITE, 'unlink("/h/new/a") = 0', HEAR, PROMISE)


def test_a_folder_that_moves_takes_its_debts_along() -> None:
    move = 'rename("/h/new", "/h/old") = 0'
    lines = [CREATE, WRITE, SYNC, move, "fsync(6</h>) = 0", HEAR, PROMISE]

    assert [(Rule.CREATED, "/h/old/a")] == judge(*lines)


def test_an_emptied_file_is_a_written_file() -> None:
    truncate = 'openat(AT_FDCWD</>, "/h/old", O_WRONLY|O_CREAT|O_TRUNC, 0600) = 5</h/old>'
    shorten = "ftruncate(5</h/old>, 0) = 0"

    assert [(Rule.FILE, "/h/old")] == judge(truncate, HEAR, PROMISE, existing=("/h/old",))
    assert [(Rule.FILE, "/h/old")] == judge(shorten, HEAR, PROMISE)


def test_an_old_file_opened_with_o_creat_is_not_made() -> None:
    opened = 'openat(AT_FDCWD</>, "/h/db", O_RDWR|O_CREAT, 0600) = 5</h/db>'
    read = 'openat(AT_FDCWD</>, "/h/db", O_RDONLY) = 5</h/db>'

    assert [(Rule.CREATED, "/h/db")] == judge(opened, HEAR, PROMISE)
    assert [] == judge(opened, HEAR, PROMISE, existing=("/h/db",))
    assert [] == judge(read, opened, HEAR, PROMISE)


@pytest.mark.parametrize("path", ["/h/db-shm", "/h/run/pid", "/elsewhere/a", "/home/a"])
def test_what_needs_no_durability_is_left_alone(path: str) -> None:
    create = f'openat(AT_FDCWD</>, "{path}", O_WRONLY|O_CREAT, 0600) = 5<{path}>'

    assert [] == judge(create, f'write(5<{path}>, "1", 1) = 1', HEAR, PROMISE)


def test_only_a_promise_is_judged() -> None:
    ask = r'recvfrom(4<socket:[1]>, "NOOP\r\n", 4096, 0, NULL, NULL) = 6'
    refuse = r'sendto(4<socket:[1]>, "-ERR No.\r\n", 10, 0, NULL, 0) = 10'

    assert [] == judge(WAL, ask, PROMISE)
    assert [] == judge(WAL, HEAR, refuse)
    assert [] == judge(WAL, HEAR, PROMISE.replace("[1]", "[2]"))


def test_a_lie_is_told_once() -> None:
    assert [(Rule.WAL, "/h/db-wal")] == judge(WAL, HEAR, PROMISE, PROMISE)
    assert [(Rule.WAL, "/h/db-wal")] * 2 == judge(WAL, HEAR, PROMISE, WAL, PROMISE)


def test_a_sync_that_has_not_ended_does_not_count() -> None:
    lines = [
        WAL,
        HEAR,
        "2 fdatasync(7</h/db-wal> <unfinished ...>",
        PROMISE,
        "2 <... fdatasync resumed>) = 0",
    ]

    assert [(Rule.WAL, "/h/db-wal")] == judge(*lines)


def test_a_sync_covers_only_what_had_ended_before_it_began() -> None:
    lines = [
        HEAR,
        "2 fdatasync(7</h/db-wal> <unfinished ...>",
        WAL,
        "2 <... fdatasync resumed>) = 0",
        PROMISE,
    ]

    assert [(Rule.WAL, "/h/db-wal")] == judge(*lines)


def test_a_write_that_has_not_ended_is_a_write() -> None:
    lines = [
        HEAR,
        '2 pwrite64(7</h/db-wal>, "frames", 6, 32 <unfinished ...>',
        PROMISE,
        "2 <... pwrite64 resumed>) = 6",
    ]

    assert [(Rule.WAL, "/h/db-wal")] == judge(*lines)


def test_a_promise_that_began_early_is_early() -> None:
    lines = [
        WAL,
        HEAR,
        r'sendto(4<socket:[1]>, "+OK Bye.\r\n", 10, 0, NULL, 0 <unfinished ...>',
        "2 fdatasync(7</h/db-wal>) = 0",
        "<... sendto resumed>) = 10",
    ]

    assert [(Rule.WAL, "/h/db-wal")] == judge(*lines)


def test_promises_are_known_by_their_words() -> None:
    assert reply_to_quit(b"DELE 1\r\nquit\r\n", b"+OK Bye.\r\n")
    assert not reply_to_quit(b"DELE 1\r\n", b"+OK Marked.\r\n")
    assert not reply_to_quit(b"QUIT\r\n", b"-ERR Some messages were not removed.\r\n")
    assert says(b"250 2.6.0", b"250 2.0.0")(b"", b"250 2.0.0 Taken.\r\n")
    assert not says(b"250 2.6.0")(b"", b"250 2.1.0 Sender taken.\r\n")
