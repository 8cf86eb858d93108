"""The client's half of the wire: every answer, every limit."""

import pytest

from pillarbox.base.errors import Bug
from pillarbox.base.secret import Secret
from pillarbox.wire.pop3.announced import Announced, read_announced
from pillarbox.wire.pop3.answers import (
    Answer,
    Challenge,
    End,
    GarbageFault,
    Greeting,
    ListingTooLongFault,
    Octets,
    Reply,
    ReplyLine,
    ReplyTooLongFault,
    StlsInjectionFault,
    UnreadableChallenge,
    UnsolicitedFault,
)
from pillarbox.wire.pop3.client import (
    LISTING_LINES,
    LISTING_OCTETS,
    REPLY_OCTETS,
    ClientConversation,
)
from pillarbox.wire.pop3.commands import AuthCancel, Command
from pillarbox.wire.pop3.verbs import (
    Auth,
    AuthResponse,
    Capa,
    Dele,
    List,
    Noop,
    Quit,
    Retr,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
)
from tests.wire.hearing import conversation, drained, heard


def test_the_greeting_comes_first() -> None:
    client = ClientConversation()

    expected = [Greeting(is_ok=True, code=None, text="Dovecot ready. <1.2@x>")]
    assert (expected, None) == heard(client, [b"+OK Dovecot ready. <1.2@x>\r\n"])


REPLIES = [
    (b"+OK", True, None, ""),
    (b"+OK ", True, None, ""),
    (b"+OK 3 messages", True, None, "3 messages"),
    (b"-ERR no", False, None, "no"),
    (b"-ERR [AUTH] wrong", False, "AUTH", "wrong"),
    (b"-ERR [in-use] again", False, "IN-USE", "again"),
    (b"-ERR [SYS/TEMP]", False, "SYS/TEMP", ""),
    (b"-ERR [two words] x", False, None, "[two words] x"),
    (b"+OK a\x1b[31mb\x00\xff", True, None, "a\ufffd[31mb\ufffd\ufffd"),
]


@pytest.mark.parametrize(("line", "is_ok", "code", "text"), REPLIES)
def test_a_reply_has_its_code_and_a_text_that_can_be_shown(
    line: bytes, *, is_ok: bool, code: str | None, text: str
) -> None:
    client = conversation(Noop())

    assert ([Reply(Noop(), is_ok, code, text)], None) == heard(client, [line + b"\r\n"])


@pytest.mark.parametrize(
    "line", [b"", b"OK", b"+ERR x", b"+OKAY", b"* BYE", b"HTTP/1.1 400", b"+ "]
)
def test_what_is_no_reply_is_garbage(line: bytes) -> None:
    assert ([], GarbageFault) == heard(conversation(Noop()), [line + b"\r\n"])


def test_replies_belong_to_commands_in_the_order_of_sending() -> None:
    client = conversation(Stat(), Dele(1), Noop())

    answers, fault = heard(client, [b"+OK 1 2\r\n-ERR none\r\n+OK\r\n"])
    assert fault is None
    assert [Stat(), Dele(1), Noop()] == [a.command for a in answers if isinstance(a, Reply)]


@pytest.mark.parametrize("command", [Capa(), List(), Uidl()])
def test_a_listing_is_lines_and_an_end(command: Command) -> None:
    client = conversation(command, Noop())
    said = [b"+OK\r\n1 a\r\n..b\r\n.\r\n+OK\r\n"]

    expected = [
        Reply(command, is_ok=True, code=None, text=""),
        ReplyLine(b"1 a"),
        ReplyLine(b".b"),
        End(),
        Reply(Noop(), is_ok=True, code=None, text=""),
    ]
    assert (expected, None) == heard(client, said)


@pytest.mark.parametrize("command", [Capa(), List(), Uidl(), Retr(1), Top(1, 0)])
def test_a_refusal_has_no_further_lines(command: Command) -> None:
    client = conversation(command, Noop())

    answers, fault = heard(client, [b"-ERR no\r\n+OK\r\n"])
    assert fault is None
    assert [command, Noop()] == [a.command for a in answers if isinstance(a, Reply)]


@pytest.mark.parametrize("command", [List(1), Uidl(1)])
def test_the_listing_of_one_message_is_one_line(command: Command) -> None:
    client = conversation(command)

    assert ([Reply(command, is_ok=True, code=None, text="1 9")], None) == heard(
        client, [b"+OK 1 9\r\n"]
    )


def test_a_message_comes_unstuffed_without_its_end() -> None:
    client = conversation(Retr(1), Retr(2))
    said = [b"+OK\r\n..a\r\n\r\n.b\n.\n\r\n.\r\n+OK\r\n.\r\n"]

    expected = [
        Reply(Retr(1), is_ok=True, code=None, text=""),
        Octets(b".a\r\n\r\n.b\n.\n\r\n"),
        End(),
        Reply(Retr(2), is_ok=True, code=None, text=""),
        End(),
    ]
    assert (expected, None) == heard(client, said)


def test_a_message_line_of_a_megabyte_passes_as_it_comes() -> None:
    client = conversation(Retr(1))
    line = b"x" * 1_000_000
    said = b"+OK\r\n" + line + b"\r\n.\r\n"
    chunks = []
    for start in range(0, len(said), 65_536):
        client.feed(said[start : start + 65_536])
        answers, fault = drained(client)
        assert fault is None
        chunks += [answer.octets for answer in answers if isinstance(answer, Octets)]

    assert line + b"\r\n" == b"".join(chunks)
    assert max(map(len, chunks)) <= 65_536 + 4


def test_a_reply_line_is_tolerated_up_to_its_limit_and_no_further() -> None:
    longest = b"+OK " + b"x" * (REPLY_OCTETS - 6) + b"\r\n"

    assert heard(conversation(Noop()), [longest])[1] is None
    assert ([], ReplyTooLongFault) == heard(conversation(Noop()), [b"+OK x" + longest[4:]])


def test_an_endless_line_is_cut_off_at_its_limit() -> None:
    client = conversation(List())

    answers, fault = heard(client, [b"+OK\r\n"] + [b"9" * 1000] * 9)
    assert 1 == len(answers)
    assert ReplyTooLongFault is fault


@pytest.mark.parametrize("line", [b"1 " + b"x" * 996 + b"\r\n", b"1 2\r\n"])
def test_an_endless_listing_is_cut_off(line: bytes) -> None:
    client = conversation(Uidl())
    lines = line * 1000
    most = min(LISTING_OCTETS // len(lines), LISTING_LINES // 1000)

    assert heard(client, [b"+OK\r\n"] + [lines] * most)[1] is None
    assert ListingTooLongFault is heard(client, [lines])[1]


def test_octets_that_nothing_asked_for_are_a_fault_at_once() -> None:
    assert ([], UnsolicitedFault) == heard(conversation(), [b"-"])


def test_what_was_heard_before_a_fault_is_not_lost_by_it() -> None:
    answers, fault = heard(conversation(Noop()), [b"+OK\r\n+OK\r\n"])

    assert [Reply(Noop(), is_ok=True, code=None, text="")] == answers
    assert UnsolicitedFault is fault


def test_a_fault_ends_the_conversation() -> None:
    client = conversation(Noop(), Noop())
    client.feed(b"rubbish\r\n+OK\r\n")

    with pytest.raises(GarbageFault):
        client.next_answer()
    with pytest.raises(GarbageFault):
        client.next_answer()


# STLS: RFC 2595, section 4


@pytest.mark.parametrize("chunk_octets", [1, 100])
def test_octets_behind_the_reply_to_stls_are_an_injection(chunk_octets: int) -> None:
    client = conversation(Stls())
    said = b"+OK begin\r\n+OK injected\r\n"
    chunks = [said[at : at + chunk_octets] for at in range(0, len(said), chunk_octets)]

    expected = [Reply(Stls(), is_ok=True, code=None, text="begin")]
    assert (expected, StlsInjectionFault) == heard(client, chunks)


def test_the_handshake_does_not_begin_over_injected_octets() -> None:
    client = conversation(Stls())
    client.feed(b"+OK\r\n+OK")
    client.next_answer()

    with pytest.raises(StlsInjectionFault):
        client.secured()


def test_after_the_handshake_the_conversation_goes_on() -> None:
    client = conversation(Stls())
    client.feed(b"+OK\r\n")
    assert 1 == len(drained(client)[0])

    client.secured()
    client.send(Noop())

    assert ([Reply(Noop(), is_ok=True, code=None, text="")], None) == heard(client, [b"+OK\r\n"])


def test_refused_stls_leaves_the_conversation_as_it_was() -> None:
    client = conversation(Stls())

    assert heard(client, [b"-ERR no\r\n"])[1] is None
    assert b"NOOP\r\n" == client.send(Noop())


@pytest.mark.parametrize("command", [Stls(), Auth("PLAIN", None), Quit()])
def test_nothing_is_sent_behind_a_command_that_changes_everything(command: Command) -> None:
    client = conversation(command)

    with pytest.raises(Bug):
        client.send(Noop())


def test_nothing_is_sent_between_the_reply_to_stls_and_tls() -> None:
    client = conversation(Stls())
    client.feed(b"+OK\r\n")
    client.next_answer()

    with pytest.raises(Bug):
        client.send(User("mrose"))


# AUTH: RFC 5034, section 4


@pytest.mark.parametrize(("line", "octets"), [(b"+ ", b""), (b"+", b""), (b"+ AGE=", b"\0a")])
def test_a_challenge_is_answered_before_the_reply(line: bytes, octets: bytes) -> None:
    client = conversation(Auth("PLAIN", None))

    assert ([Challenge(octets)], None) == heard(client, [line + b"\r\n"])
    assert b"Yg==\r\n" == client.send(AuthResponse(Secret(b"b")))
    assert ([Reply(Auth("PLAIN", None), is_ok=True, code=None, text="")], None) == heard(
        client, [b"+OK\r\n"]
    )


def test_an_exchange_can_be_cancelled() -> None:
    client = conversation(Auth("PLAIN", None))
    heard(client, [b"+ \r\n"])

    assert b"*\r\n" == client.send(AuthCancel())
    assert heard(client, [b"-ERR cancelled\r\n"])[1] is None


@pytest.mark.parametrize("line", [b"+ ???", b"+ QR==", b"+ QQ=", b"+ QQ", b"+  QQ==", b"+ QQ== "])
def test_a_challenge_that_is_not_base64_leaves_the_exchange_to_be_cancelled(line: bytes) -> None:
    client = conversation(Auth("PLAIN", None))
    answers: list[Answer] = [
        UnreadableChallenge(),
        Reply(Auth("PLAIN", None), is_ok=False, code=None, text="cancelled"),
    ]

    assert (answers[:1], None) == heard(client, [line + b"\r\n"])
    assert b"*\r\n" == client.send(AuthCancel())
    assert (answers[1:], None) == heard(client, [b"-ERR cancelled\r\n"])


# What CAPA announces: RFC 2449, sections 5 and 6


def test_capabilities_are_read_in_either_case_with_their_arguments() -> None:
    announced = read_announced([b"TOP", b"sasl plain LOGIN", b"", b"EXPIRE 60 USER"])

    assert "TOP" in announced
    assert "STLS" not in announced
    assert frozenset({"PLAIN", "LOGIN"}) == announced.mechanisms
    assert ("60", "USER") == announced.arguments["EXPIRE"]


@pytest.mark.parametrize(
    ("line", "takes"),
    [(b"UTF8 USER", True), (b"utf8 user", True), (b"UTF8", False), (b"UTF8 X", False)],
)
def test_the_argument_of_utf8_says_whether_logins_may_be_utf8(line: bytes, takes: bool) -> None:
    assert takes is read_announced([b"USER", line]).takes_utf8_logins


def test_a_server_that_announces_nothing_has_no_mechanisms() -> None:
    assert frozenset() == Announced().mechanisms
    assert not Announced().takes_utf8_logins


@pytest.mark.parametrize(
    ("lines", "seconds", "days"),
    [
        ([b"LOGIN-DELAY 900 USER", b"EXPIRE 60 USER"], 900, 60),
        ([b"LOGIN-DELAY", b"EXPIRE NEVER"], None, None),
        ([b"EXPIRE 0"], None, 0),
        ([], None, None),
    ],
)
def test_the_manners_that_are_announced_are_read_where_they_are_numbers(
    lines: list[bytes], seconds: int | None, days: int | None
) -> None:
    announced = read_announced(lines)

    assert (seconds, days) == (announced.login_delay_seconds, announced.expire_days)
