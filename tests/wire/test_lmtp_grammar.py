"""The grammar of LMTP: what each line says in each state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.wire.lmtp import events, replies
from pillarbox.wire.lmtp.address import Address, Path, read_path
from pillarbox.wire.lmtp.events import Event, Fault, Malformed
from pillarbox.wire.lmtp.grammar import COMMANDS, parse
from pillarbox.wire.lmtp.replies import FAULTS, REPLY_OCTETS
from pillarbox.wire.lmtp.state import State


@pytest.mark.parametrize(
    ("line", "state", "event"),
    [
        (b"LHLO mta.example.org", State.GREETED, events.Lhlo()),
        (b"lhlo [127.0.0.1]", State.RECIPIENTS, events.Lhlo()),
        (b"LHLO", State.GREETED, Malformed(Fault.ARGUMENTS)),
        (b"LHLO a b", State.GREETED, Malformed(Fault.ARGUMENTS)),
        (b"LHLO a\0", State.GREETED, Malformed(Fault.ARGUMENTS)),
        (b"HELO mta", State.GREETED, Malformed(Fault.NOT_LMTP)),
        (b"EHLO mta", State.READY, Malformed(Fault.NOT_LMTP)),
        (b"MAIL FROM:<a@b>", State.READY, events.Mail(Address("a", "b"))),
        (b"mail from:<>", State.READY, events.Mail(None)),
        (b"MAIL FROM:<a@b> ", State.READY, events.Mail(Address("a", "b"))),
        (b"MAIL FROM:<a@b> size=12 body=8bitmime", State.READY, events.Mail(Address("a", "b"), 12)),
        (b"MAIL FROM:<a@b> BODY=7BIT", State.READY, events.Mail(Address("a", "b"))),
        (b"MAIL FROM:<a@b>", State.GREETED, Malformed(Fault.WRONG_STATE)),
        (b"MAIL FROM:<a@b>", State.SENDER, Malformed(Fault.WRONG_STATE)),
        (b"MAIL FROM:<a@b> BODY=BINARYMIME", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> SIZE", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> SIZE=x", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> SIZE=-1", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> SIZE=" + b"1" * 21, State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> SIZE=1 SIZE=2", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b>  SIZE=1", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> SIZE=1\x00", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b>SIZE=1", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"MAIL FROM:<a@b> RET=FULL", State.READY, Malformed(Fault.PARAMETERS)),
        (b"MAIL FROM:<a@b> SMTPUTF8", State.READY, Malformed(Fault.PARAMETERS)),
        (b"MAIL FROM: <a@b>", State.READY, Malformed(Fault.SENDER)),
        (b"MAIL FROM:a@b", State.READY, Malformed(Fault.SENDER)),
        (b"MAIL <a@b>", State.READY, Malformed(Fault.SENDER)),
        (b"MAIL", State.READY, Malformed(Fault.SENDER)),
        ("MAIL FROM:<é@b>".encode(), State.READY, Malformed(Fault.NOT_ASCII)),
        (b"RCPT TO:<a@b>", State.SENDER, events.Rcpt(Address("a", "b"))),
        (b"RCPT TO:<postmaster>", State.RECIPIENTS, events.Rcpt(Address("postmaster", None))),
        (b"RCPT TO:<a@b>", State.READY, Malformed(Fault.WRONG_STATE)),
        (b"RCPT TO:<>", State.SENDER, Malformed(Fault.RECIPIENT)),
        (b"RCPT TO:<a\0@b>", State.SENDER, Malformed(Fault.RECIPIENT)),
        (b"RCPT TO:<a@b> NOTIFY=NEVER", State.SENDER, Malformed(Fault.PARAMETERS)),
        (b"RCPT TO:<a@b> =", State.SENDER, Malformed(Fault.ARGUMENTS)),
        ("RCPT TO:<郵@b>".encode(), State.SENDER, Malformed(Fault.NOT_ASCII)),
        (b"DATA", State.RECIPIENTS, events.Data()),
        (b"DATA", State.SENDER, Malformed(Fault.WRONG_STATE, is_data=True)),
        (b"DATA x", State.RECIPIENTS, Malformed(Fault.ARGUMENTS, is_data=True)),
        (b"BDAT 1 LAST", State.RECIPIENTS, events.Fatal(Fault.NOT_OFFERED)),
        (b"RSET", State.GREETED, events.Rset()),
        (b"RSET x", State.READY, Malformed(Fault.ARGUMENTS)),
        (b"NOOP what you like", State.GREETED, events.Noop()),
        (b"VRFY mrose", State.READY, events.Vrfy()),
        (b"EXPN list", State.READY, Malformed(Fault.NOT_OFFERED)),
        (b"HELP", State.READY, Malformed(Fault.NOT_OFFERED)),
        (b"QUIT", State.SENDER, events.Quit()),
        (b"QUIT x", State.SENDER, Malformed(Fault.ARGUMENTS)),
        (b"", State.READY, Malformed(Fault.UNKNOWN)),
        (b"AUTH PLAIN", State.READY, Malformed(Fault.UNKNOWN)),
    ],
)
def test_a_line_says_one_thing_in_a_state(line: bytes, state: State, event: Event) -> None:
    assert event == parse(line, state)


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.sampled_from([b"", b" ", b" FROM:", b" TO:<", b"\0"]),
    st.binary(max_size=60),
    st.sampled_from(sorted(State, key=lambda state: state.name)),
)
def test_no_line_raises(keyword: bytes, middle: bytes, rest: bytes, state: State) -> None:
    parse(keyword + middle + rest, state)


@pytest.mark.parametrize(
    ("octets", "address"),
    [
        (b"<a.b+c@example.org>", Address("a.b+c", "example.org")),
        (b"<@one.example,@two.example:a@b>", Address("a", "b")),
        (b"<a@[192.0.2.1]>", Address("a", "[192.0.2.1]")),
        (b"<a@[IPv6:2001:db8::1]>", Address("a", "[IPv6:2001:db8::1]")),
        (b'<"a b"@c>', Address("a b", "c")),
        (b'<"a\\"\\\\@b"@c>', Address('a"\\@b', "c")),
        (b'<"foo..bar"@c>', Address("foo..bar", "c")),
        (b"<" + b"a" * 200 + b"@b>", Address("a" * 200, "b")),
        (b"<a@" + b"b" * 255 + b">", Address("a", "b" * 255)),
        (b"<>", None),
    ],
)
def test_a_path_is_an_address_or_nothing(octets: bytes, address: Address | None) -> None:
    assert Path(address, b" rest") == read_path(octets + b" rest")


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<", b"a@b", b"<a@b", b"<a@>", b"<@b>", b"<a..b@c>", b"<.a@b>", b"<a.@b>", b"<a b@c>",
        b"<a@b c>", b"<a@b.>", b"<a@@b>", b'<"a@b>', b'<"a"b@c>', b'<"a\x01"@b>', b"<a\t@b>",
        b"<a@[]>", b"<a@[1>", b"<@:a@b>", b"<a@" + b"b" * 256 + b">", b"<a\x7f@b>", b"<\xe9@b>",
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(octets: bytes) -> None:
    assert read_path(octets) is None


def test_an_address_is_written_as_accounts_are_looked_up() -> None:
    assert str(Address("mrose", "example.org")) == "mrose@example.org"
    assert str(Address("postmaster", None)) == "postmaster"


def test_every_reply_is_one_short_line_with_its_enhanced_code() -> None:
    texts = {name: value for name, value in vars(replies).items() if isinstance(value, bytes)}
    for line in [*texts.values(), *FAULTS.values()]:
        code, _, rest = line.partition(b" ")
        assert (len(line) <= REPLY_OCTETS, line.count(b"\r\n"), line[-2:]) == (True, 1, b"\r\n")
        assert code == b"354" or rest.startswith(code[:1] + b".")


def test_every_fault_has_its_reply() -> None:
    assert set(Fault) == set(FAULTS)


def test_lhlo_is_answered_with_what_is_true() -> None:
    lines = replies.hello("mail.example.org", 4711).splitlines()

    assert lines == [
        b"250-mail.example.org",
        b"250-PIPELINING",
        b"250-ENHANCEDSTATUSCODES",
        b"250-8BITMIME",
        b"250 SIZE 4711",
    ]
    assert replies.greeting("mail.example.org").startswith(b"220 mail.example.org LMTP ")
