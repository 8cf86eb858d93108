"""An IMAP server that errs, and the client that has to live with it."""

import asyncio
import socket
from collections.abc import Coroutine
from threading import Thread
from typing import Any, TypeVar

import pytest

from pillarbox.base.errors import Fault, PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.faults import (
    BadListingFault,
    BeyondAsciiFault,
    GreetingFault,
    MechanismMissingFault,
    NotAcceptedFault,
    RefusedFault,
    RemoteInUseFault,
    StlsMissingFault,
    TryLaterFault,
)
from pillarbox.client.imap.connect import connect
from pillarbox.client.imap.mailbox import ImapMailbox
from pillarbox.client.imap.names import unique_id
from pillarbox.client.server import Server, Tls
from pillarbox.net.connector import ConnectFault
from pillarbox.net.deadline import TooSlowFault
from pillarbox.net.imap_faults import ImapBrokenFault, ImapGarbledFault
from pillarbox.net.imap_library import READ_OCTETS
from pillarbox.wire.pop3.answers import ListingTooLongFault
from pillarbox.wire.pop3.commands import UnsendableFault
from tests.client.imap_server import HANG_UP, LOOPBACK, ImapServer

T = TypeVar("T")
PASSWORD = Secret(b'correct "horse" \\battery')
LARGE = b"Subject: large\r\n\r\n" + bytes(range(48, 58)) * 60_000
MAIL = {
    3: b"Subject: three\r\n\r\none\r\ntwo\r\nthree\r\n",
    5: b"Subject: five\r\n\r\n",
    9: LARGE,
    11: b"",
}


def run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await work

    return asyncio.run(bounded())


def place(fake: ImapServer, **other: Any) -> Server:
    given = {"timeout_seconds": 20, "allow_password_without_tls": True, **other}
    return Server(LOOPBACK, fake.port, given.pop("tls", Tls.NONE), **given)


async def logged_in(fake: ImapServer, **other: Any) -> ImapMailbox:
    mailbox = await connect(place(fake, **other))
    try:
        await mailbox.login("m rose", PASSWORD)
        await mailbox.listing()
    except BaseException:
        await mailbox.__aexit__(None, None, None)
        raise
    return mailbox


async def retrieved(mailbox: ImapMailbox, numbers: list[int]) -> dict[int, bytes | None]:
    messages: dict[int, bytes | None] = {}
    async for number, chunks in mailbox.retrieve(numbers):
        try:
            messages[number] = b"".join([chunk async for chunk in chunks])
        except RefusedFault:
            messages[number] = None
    return messages


def fault_of(fake: ImapServer, **other: Any) -> Fault:
    with fake, pytest.raises(Fault) as raised:
        run(logged_in(fake, **other))
    assert "horse" not in str(raised.value)
    return raised.value


def test_all_messages_come_as_they_are_in_bounded_parts() -> None:
    async def all_of(fake: ImapServer) -> tuple[list[str | None], dict[int, bytes | None]]:
        async with await logged_in(fake) as mailbox:
            listed = await mailbox.listing()
            return [each.unique_id for each in listed], await retrieved(mailbox, [1, 2, 3, 4])

    with ImapServer(dict(MAIL)) as fake:
        names, messages = run(all_of(fake))

    assert [f"imap/INBOX/7/{uid}" for uid in MAIL] == names
    assert list(MAIL.values()) == list(messages.values())
    assert not any(line.startswith(("SELECT", "UID STORE")) for line in fake.heard)


def test_small_messages_share_a_round_trip() -> None:
    async def all_of(fake: ImapServer) -> dict[int, bytes | None]:
        async with await logged_in(fake) as mailbox:
            fake.heard.clear()
            return await retrieved(mailbox, list(range(1, 41)))

    small = {uid: b"Subject: %d\r\n\r\n" % uid for uid in range(1, 41)}
    with ImapServer(dict(small)) as fake:
        assert list(small.values()) == list(run(all_of(fake)).values())

    assert 3 == len([line for line in fake.heard if "BODY.PEEK" in line])


def test_a_message_that_is_gone_is_refused_alone() -> None:
    async def without_one(fake: ImapServer) -> dict[int, bytes | None]:
        async with await logged_in(fake) as mailbox:
            del fake.messages[5]
            return await retrieved(mailbox, [1, 2, 4])

    with ImapServer(dict(MAIL)) as fake:
        assert {1: MAIL[3], 2: None, 4: b""} == run(without_one(fake))


def test_what_is_refused_together_is_asked_for_alone() -> None:
    async def all_of(fake: ImapServer) -> dict[int, bytes | None]:
        async with await logged_in(fake) as mailbox:
            return await retrieved(mailbox, [1, 2])

    says = {
        "UID FETCH 3,5 (BODY": b"{tag} NO no\r\n",
        "UID FETCH 5 (BODY": b"{tag} NO not this\r\n",
    }
    with ImapServer(dict(MAIL), says=says) as fake:
        assert {1: MAIL[3], 2: None} == run(all_of(fake))


def test_a_server_that_cuts_parts_short_is_asked_for_the_rest() -> None:
    async def one(fake: ImapServer) -> dict[int, bytes | None]:
        async with await logged_in(fake) as mailbox:
            return await retrieved(mailbox, [1])

    short = b'* 1 FETCH (UID 3 BODY[]<0> "Subject:")\r\n{tag} OK done\r\n'
    says = {"UID FETCH 3 (BODY.PEEK[]<0.": short}
    with ImapServer(dict(MAIL), says=says) as fake:
        assert {1: MAIL[3]} == run(one(fake))


def test_a_message_without_an_end_is_given_up() -> None:
    async def one(fake: ImapServer) -> dict[int, bytes | None]:
        async with await logged_in(fake) as mailbox:
            fake.messages[3] = b"x" * 20_000_000
            return await retrieved(mailbox, [1])

    with ImapServer(dict(MAIL)) as fake:
        assert {1: None} == run(one(fake))


@pytest.mark.parametrize("size", [b"RFC822.SIZE 0", b"FLAGS ()", b"RFC822.SIZE 999999999"])
def test_a_message_without_an_end_is_given_up_whatever_size_is_said(size: bytes) -> None:
    async def one(fake: ImapServer) -> dict[int, bytes | None]:
        async with await logged_in(fake, message_octets=1_000_000) as mailbox:
            return await retrieved(mailbox, [1])

    says = {"UID FETCH 3 (RFC822": b"* 1 FETCH (UID 3 " + size + b")\r\n{tag} OK done\r\n"}
    with ImapServer({3: b"x" * 3_000_000}, says=says) as fake:
        assert {1: None} == run(one(fake))
        assert len(fake.heard) < 15


def test_top_gives_the_header_and_so_many_lines() -> None:
    async def tops(fake: ImapServer) -> list[bytes]:
        async with await logged_in(fake) as mailbox:
            return [await mailbox.top(1, lines) for lines in (0, 2, 9)]

    with ImapServer(dict(MAIL)) as fake:
        expected = [b"Subject: three\r\n\r\n", b"Subject: three\r\n\r\none\r\ntwo\r\n", MAIL[3]]
        assert expected == run(tops(fake))


def test_unique_ids_are_asked_for_anew() -> None:
    async def named(fake: ImapServer) -> dict[int, str]:
        async with await logged_in(fake) as mailbox:
            await mailbox.noop()
            del fake.messages[5]
            fake.validity = 8
            return await mailbox.unique_ids([1, 2])

    with ImapServer(dict(MAIL)) as fake:
        assert {1: "imap/INBOX/8/3"} == run(named(fake))


def test_a_folder_that_is_numbered_anew_in_the_middle_is_not_read_from() -> None:
    async def one(fake: ImapServer) -> None:
        async with await logged_in(fake) as mailbox:
            fake.validity = 8
            await mailbox.unique_ids([1])
            mailbox._open = None
            await retrieved(mailbox, [1])

    with ImapServer(dict(MAIL)) as fake, pytest.raises(BadListingFault):
        run(one(fake))


def removing(fake: ImapServer, numbers: list[int]) -> bool:
    async def removed() -> bool:
        async with await logged_in(fake) as mailbox:
            assert numbers == await mailbox.delete(numbers)
            return await mailbox.quit()

    return run(removed())


def test_what_was_marked_goes_at_quit_and_nothing_else() -> None:
    with ImapServer(dict(MAIL)) as fake:
        fake.deleted = {11}  # by somebody else
        assert removing(fake, [1, 2])

    assert {9, 11} == set(fake.messages)


def test_nothing_is_marked_there_before_quit() -> None:
    async def marked(fake: ImapServer) -> None:
        async with await logged_in(fake) as mailbox:
            await mailbox.delete([1])

    with ImapServer(dict(MAIL)) as fake:
        run(marked(fake))

    assert (set(), MAIL) == (fake.deleted, fake.messages)


@pytest.mark.parametrize(
    "says",
    [
        {"SELECT": b"* 4 EXISTS\r\n* OK [UIDVALIDITY 8] x\r\n{tag} OK done\r\n"},
        {"UID STORE": b"{tag} NO [NOPERM] not yours\r\n"},
        {"UID EXPUNGE": b"{tag} OK but I did not\r\n"},
    ],
)
def test_what_is_not_surely_removed_is_not_said_to_be(says: dict[str, bytes]) -> None:
    with ImapServer(dict(MAIL), says=says) as fake:
        assert not removing(fake, [1])


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN"])
def test_a_server_without_uidplus_says_why_nothing_is_removed(capabilities: str) -> None:
    with (
        ImapServer(dict(MAIL), capabilities=capabilities) as fake,
        pytest.raises(RefusedFault, match="UIDPLUS"),
    ):
        removing(fake, [1])


def test_a_folder_that_does_not_open_is_named_and_the_server_quoted() -> None:
    says = {"EXAMINE": b"{tag} NO No such folder\r\n"}
    with ImapServer(dict(MAIL), says=says) as fake, pytest.raises(RefusedFault) as raised:
        run(logged_in(fake))

    assert "The server does not open the folder 'INBOX': No such folder" == str(raised.value)


def test_a_folder_that_may_only_be_read_refuses_the_removal() -> None:
    says = {"SELECT": b"* 4 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n{tag} OK [READ-ONLY] done\r\n"}
    with ImapServer(dict(MAIL), says=says) as fake, pytest.raises(RefusedFault):
        removing(fake, [1])


def test_names_and_passwords_are_quoted() -> None:
    with ImapServer(dict(MAIL)) as fake:
        mailbox = run(logged_in(fake, mechanism="USER"))
        run(mailbox.__aexit__(None, None, None))

    assert r'LOGIN "m rose" "correct \"horse\" \\battery"' in fake.heard


@pytest.mark.parametrize("name", ["m\r\nrose", "m\0rose"])
def test_a_name_that_would_end_the_line_is_not_sent(name: str) -> None:
    async def refused(fake: ImapServer) -> None:
        async with await connect(place(fake, mechanism="USER")) as mailbox:
            await mailbox.login(name, PASSWORD)

    with ImapServer() as fake, pytest.raises(UnsendableFault):
        run(refused(fake))


def test_a_password_beyond_ascii_does_not_fit_into_login() -> None:
    async def refused(fake: ImapServer) -> None:
        async with await connect(place(fake, mechanism="USER")) as mailbox:
            await mailbox.login("mrose", Secret("größer".encode()))

    with ImapServer() as fake, pytest.raises(BeyondAsciiFault):
        run(refused(fake))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"NO [AUTHENTICATIONFAILED] no", NotAcceptedFault),
        (b'NO correct "horse" is wrong', NotAcceptedFault),
        (b"NO [INUSE] later", RemoteInUseFault),
        (b"NO [UNAVAILABLE] later", TryLaterFault),
        (b"BAD what", NotAcceptedFault),
    ],
)
@pytest.mark.parametrize(("word", "mechanism"), [("LOGIN", "USER"), ("AUTHENTICATE", "PLAIN")])
def test_a_refused_login_says_what_kind_of_refusal_it_is(
    said: bytes, kind: type[PeerFault], word: str, mechanism: str
) -> None:
    fake = ImapServer(says={word: b"{tag} " + said + b"\r\n"})

    assert isinstance(fault_of(fake, mechanism=mechanism), kind)


class Echoing(ImapServer):
    """Repeats what a mechanism sends, in the refusal."""

    tag = ""

    def _answer(self, connected: socket.socket, line: str) -> None:
        if " " in line:
            self.tag = line.partition(" ")[0]
            super()._answer(connected, line)
        else:
            connected.sendall(f"{self.tag} NO not {line}\r\n".encode())


def test_a_refusal_that_repeats_what_a_mechanism_sent_is_not_shown() -> None:
    async def log_in(fake: ImapServer) -> None:
        async with await connect(place(fake, mechanism="PLAIN")) as mailbox:
            await mailbox.login("ab", Secret(b"pwd"))

    with (
        Echoing(says={"AUTHENTICATE": b"+ \r\n"}) as fake,
        pytest.raises(NotAcceptedFault) as raised,
    ):
        run(log_in(fake))

    assert str(raised.value).endswith(": ***")  # not AGFiAHB3ZA==


def test_a_cut_in_a_login_is_no_wrong_password() -> None:
    fake = ImapServer(says={"AUTHENTICATE": HANG_UP})

    assert isinstance(fault_of(fake, mechanism="PLAIN"), ImapBrokenFault)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "USER"])
def test_a_way_that_is_not_offered_is_not_tried(mechanism: str) -> None:
    fake = ImapServer(capabilities="IMAP4rev1 LOGINDISABLED STARTTLS AUTH=PLAIN")
    fault = fault_of(fake, mechanism=mechanism)

    assert isinstance(fault, MechanismMissingFault)
    assert not any(line.startswith(("LOGIN", "AUTH")) for line in fake.heard)


@pytest.mark.parametrize(
    ("fake", "kind"),
    [
        (ImapServer(greeting=b"* BYE go away\r\n"), GreetingFault),
        (ImapServer(greeting=b"* PREAUTH you are in\r\n"), ImapGarbledFault),
        (ImapServer(greeting=b"\0\xff garbage\r\n" * 9), ImapBrokenFault),
        (ImapServer(greeting=b"x" * 2_000_000), ImapGarbledFault),
        (ImapServer(says={"CAPABILITY": HANG_UP}), ImapBrokenFault),
        (ImapServer(says={"EXAMINE": b"{tag} OK nothing more\r\n"}), ImapGarbledFault),
        (ImapServer(says={"EXAMINE": b"{tag} NO such folder\r\n"}), RefusedFault),
        (ImapServer(says={"EXAMINE": b"* 5 EXISTS\r\n" * 200_000}), ImapGarbledFault),
        (
            ImapServer(
                says={
                    "EXAMINE": b"* 4294967295 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n{tag} OK done\r\n"
                }
            ),
            ListingTooLongFault,
        ),
        (
            ImapServer(dict(MAIL), says={"UID SEARCH": b"* SEARCH a (b\r\n{tag} OK done\r\n"}),
            ImapGarbledFault,
        ),
        (
            ImapServer(dict(MAIL), says={"UID FETCH": b"* 1 FETCH ((((\r\n{tag} OK done\r\n"}),
            ImapGarbledFault,
        ),
        (
            ImapServer(
                dict(MAIL), says={"UID FETCH": b"* 1 FETCH (UID 3 X {%d}\r\n" % (READ_OCTETS + 1)}
            ),
            ImapGarbledFault,
        ),
        (
            ImapServer(dict(MAIL), says={"UID FETCH": b"* 1 FETCH (UID 3 X {9}\r\nab" + HANG_UP}),
            ImapBrokenFault,
        ),
    ],
)
def test_what_is_no_imap_ends_the_session(fake: ImapServer, kind: type[Fault]) -> None:
    assert kind is type(fault_of(fake))


@pytest.mark.slow
@pytest.mark.parametrize("word", ["CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID FETCH"])
def test_a_server_that_stalls_is_given_up_at_the_deadline(word: str) -> None:
    fake = ImapServer(dict(MAIL), says={word: b"* 1 "})

    assert isinstance(fault_of(fake, timeout_seconds=0.3), TooSlowFault)


def test_nobody_there_is_said_so() -> None:
    with ImapServer() as fake:
        there = place(fake)
    with pytest.raises(ConnectFault):
        run(connect(there))


@pytest.mark.parametrize(
    "fake",
    [
        ImapServer(capabilities="IMAP4rev1"),
        ImapServer(capabilities="IMAP4rev1 STARTTLS", says={"STARTTLS": b"{tag} NO no\r\n"}),
    ],
)
def test_without_starttls_no_login_is_sent(fake: ImapServer) -> None:
    assert isinstance(fault_of(fake, tls=Tls.STLS), StlsMissingFault)
    assert not any(line.startswith(("LOGIN", "AUTH")) for line in fake.heard)


def test_what_comes_behind_the_answer_to_starttls_is_never_taken_for_an_answer() -> None:
    injected = b"{tag} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
    fake = ImapServer(capabilities="IMAP4rev1 STARTTLS", says={"STARTTLS": injected + HANG_UP})

    assert isinstance(fault_of(fake, tls=Tls.STLS), PeerFault)
    assert not any(line.startswith(("LOGIN", "AUTH")) for line in fake.heard)


@pytest.mark.parametrize(
    ("injected", "is_heard"), [(b"", True), (b"* OK injected\r\n", False), (b"x", False)]
)
def test_what_comes_with_the_answer_to_starttls_ends_it_before_tls(
    injected: bytes, *, is_heard: bool
) -> None:
    hellos: list[bytes] = []

    def serve() -> None:
        connected, _ = listening.accept()
        with connected, connected.makefile("rb") as lines:
            connected.sendall(b"* OK ready\r\n")
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                if command == "STARTTLS":
                    connected.sendall(f"{tag} OK begin\r\n".encode() + injected)
                    hellos.append(connected.recv(1))
                    return
                said = "* CAPABILITY IMAP4rev1 STARTTLS\r\n"
                connected.sendall(f"{said}{tag} OK done\r\n".encode())

    with socket.create_server((LOOPBACK, 0)) as listening:
        serving = Thread(target=serve)
        serving.start()
        server = Server(LOOPBACK, listening.getsockname()[1], Tls.STLS, timeout_seconds=20)
        with pytest.raises(PeerFault) as raised:
            run(connect(server))
        serving.join()

    assert [b"\x16" if is_heard else b""] == hellos  # a ClientHello, or the end
    assert is_heard is not isinstance(raised.value, ImapGarbledFault)


def test_a_name_in_the_ledger_has_no_space_and_no_other_folder_shares_it() -> None:
    assert "imap/Alte%20Post%2FB%C3%BCro/7/3" == unique_id("Alte Post/Büro", 7, 3)
    assert unique_id("a/b", 1, 1) != unique_id("a%2Fb", 1, 1)


def test_imap_has_no_word_for_manners() -> None:
    async def facts(fake: ImapServer) -> tuple[int | None, int | None]:
        async with await logged_in(fake) as mailbox:
            said = await mailbox.facts()
            return said.login_delay_seconds, said.expire_days

    with ImapServer() as fake:
        assert (None, None) == run(facts(fake))
