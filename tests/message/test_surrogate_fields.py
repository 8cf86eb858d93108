"""Header fields in ASCII, one kind after the other; and what they say stays what they said."""

import re
from email import message_from_string
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.message.surrogate.fields import in_ascii

LINE_OCTETS = 76
ENCODED_WORD = re.compile(rb"=\?UTF-8\?[BQ]\?[^?]*\?=")


def rewritten(field: str) -> str:
    return in_ascii(field.replace("\n", "\r\n").encode() + b"\r\n").decode("ascii")


FIELDS = [
    # RFC 6857, 3.2.7 and 3.2.9: text
    ("Subject: Grüße", "Subject: =?UTF-8?B?R3LDvMOfZQ==?="),
    ("Subject:ü", "Subject: =?UTF-8?B?w7w=?="),
    ("Subject : ü", "Subject : =?UTF-8?B?w7w=?="),
    ("Subject: 東京 Tokyo", "Subject: =?UTF-8?B?5p2x5Lqs?= Tokyo"),
    ("Subject: one ü\n two ", "Subject: one =?UTF-8?B?w7w=?= two "),
    ("Subject: ü  ö", "Subject: =?UTF-8?B?w7wgIMO2?="),
    ("Subject: =?utf-8?Q?a?= ü b", "Subject: =?utf-8?Q?a?= =?UTF-8?B?IMO8?= b"),
    ("Subject: ü =?utf-8?Q?a?=", "Subject: =?UTF-8?B?w7wg?= =?utf-8?Q?a?="),
    ("X-Any: \u3000", "X-Any: =?UTF-8?B?44CA?="),
    ("X-Very-Long-Name-Of-Some-Program-That-Likes-Them: ü", None),
    ("Comments:" + " " * 60 + "ü", None),
    # 3.2.1: addresses
    ("From: Jörg <a@b>", "From: =?UTF-8?B?SsO2cmc=?= <a@b>"),
    ('From: "Müller, Jörg" <a@b>', "From: =?UTF-8?B?TcO8bGxlciwgSsO2cmc=?= <a@b>"),
    ('From: "A \\"B\\" ü" <a@b>', "From: =?UTF-8?B?QSAiQiIgw7w=?= <a@b>"),
    ("From: J. Müller <a@b>", "From: J. =?UTF-8?Q?M=C3=BCller?= <a@b>"),
    ("From: ü", "From: =?UTF-8?B?w7w=?="),
    ("From: ü a@b", "From: =?UTF-8?B?w7w=?= a@b"),
    ("From: ü <>", "From: =?UTF-8?B?w7w=?= <>"),
    ('From: "ü', "From: =?UTF-8?B?IsO8?="),
    ("From: a (ü", "From: a =?UTF-8?B?KMO8?="),
    ("From: <ü", "From: <=?UTF-8?B?w7w=?="),
    ("From: ü> <", "From: =?UTF-8?B?w7w=?=> <"),
    ("From: a@b (ü)", "From: a@b (=?UTF-8?B?w7w=?=)"),
    ("From: A <a@b (ü)>", "From: A <a@b (=?UTF-8?B?w7w=?=)>"),
    ("From: A <a@b> (c (ü) \\) d)", "From: A <a@b> (=?UTF-8?B?YyAow7wpICkgZA==?=)"),
    ("From: A <a@b> (c ü)", "From: A <a@b> (c =?UTF-8?B?w7w=?=)"),
    ("From: [ü] <a@[IPv6:::1]>", "From: =?UTF-8?B?W8O8XQ==?= <a@[IPv6:::1]>"),
    ("From: [ü <a@b>", "From: =?UTF-8?B?W8O8?= <a@b>"),
    ("From: ü <ö@b.example>", "From: =?UTF-8?B?w7wgw7ZAYi5leGFtcGxl?= :;"),
    ('From: "A" <ö@b>', 'From: "A" =?UTF-8?B?w7ZAYg==?= :;'),
    ("From: ö@b (c)", "From: =?UTF-8?B?w7ZAYg==?= :; (c)"),
    ('From: "ö x"@b', "From: =?UTF-8?B?IsO2IHgiQGI=?= :;"),
    ("From: <ö@b> x", "From: =?UTF-8?B?w7ZAYg==?= :; x"),
    ("From: <@ö>", "From: =?UTF-8?B?QMO2?= :;"),
    ("To: a@b, ü <c@d>,e@f", "To: a@b, =?UTF-8?B?w7w=?= <c@d>,e@f"),
    ("To: <a@b,ö@c>, d@e", "To: =?UTF-8?B?YUBiLMO2QGM=?= :;, d@e"),
    # 3.1.7: domains
    ("To: a@bücher.example", "To: a@xn--bcher-kva.example"),
    ("To: A <a@BÜCHER.example>", "To: A <a@xn--bcher-kva.example>"),
    ("To: A <a@bu\u0308cher.example>", "To: A <a@xn--bcher-kva.example>"),
    ("To: a@例え.jp (c)", "To: a@xn--r8jz45g.jp (c)"),
    ("To: a@faß.example", "To: a@xn--fa-hia.example"),
    ("To: a@☃.example", "To: =?UTF-8?B?YUDimIMuZXhhbXBsZQ==?= :;"),
    ("To: a@" + "ü" * 64, None),
    # 3.1.8: groups
    ("To: Größe: a@b, c@d;", "To: =?UTF-8?B?R3LDtsOfZQ==?=: a@b, c@d;"),
    ("To: ü:;", "To: =?UTF-8?B?w7w=?=:;"),
    ("To: G: ü <a@b>;, c@d", "To: G: =?UTF-8?B?w7w=?= <a@b>;, c@d"),
    ("To: G: ü@b, c@d;", "To: G =?UTF-8?B?w7xAYiwgY0Bk?= :;"),
    ("To: G: ü <a@b>", "To: G: =?UTF-8?B?w7w=?= <a@b>"),
    ("Return-Path: <ü@b>", "Return-Path: =?UTF-8?B?w7xAYg==?= :;"),
    # 3.2.2: typed addresses
    ("Original-Recipient: utf-8; ü+a@b", "Original-Recipient: utf-8; \\x{FC}\\x{2B}a@b"),
    ("Final-Recipient: rfc822; ü@b", "Downgraded-Final-Recipient: rfc822; =?UTF-8?B?w7xAYg==?="),
    # 3.2.3 and 3.2.8: comments and phrases
    ("Date: 1 Jan 2026 00:00:00 +0000 (ü)", "Date: 1 Jan 2026 00:00:00 +0000 (=?UTF-8?B?w7w=?=)"),
    ("Keywords: a, ü,b", "Keywords: a, =?UTF-8?B?w7w=?=,b"),
    ('Keywords: ü"x"', "Keywords: =?UTF-8?B?w7x4?="),
    ("List-Id: ü <a.b>", "List-Id: =?UTF-8?B?w7w=?= <a.b>"),
    # 3.2.4: identifiers
    ("Message-ID: <ü@b>", "Downgraded-Message-ID: =?UTF-8?B?PMO8QGI+?="),
    ("References: <a@b> <ü@b>", "Downgraded-References: <a@b> =?UTF-8?B?PMO8QGI+?="),
    ("In-Reply-To: <a@b> (ü)", "In-Reply-To: <a@b> (=?UTF-8?B?w7w=?=)"),
    ('In-Reply-To: "ü', "Downgraded-In-Reply-To: =?UTF-8?B?IsO8?="),
    # 3.2.5: trace
    ("Received: by a (ü) for b@c; x", "Received: by a (=?UTF-8?B?w7w=?=) for b@c; x"),
    ("Received: by a for <ü@b> with c; x", "Received: by a with c; x"),
    ("Received: by a for <ü@b>; x", "Received: by a; x"),
    ("Received: by a FOR ü", "Received: by a"),
    ("Received: by ü; x", "Received: by =?UTF-8?B?w7w=?=; x"),
    # 3.2.6: MIME
    ('Content-Type: a/b; name="ü"', "Content-Type: a/b; name*=UTF-8''%C3%BC"),
    (
        'Content-Type: a/b;x=y; name="ü \\" ;";z',
        "Content-Type: a/b;x=y; name*=UTF-8''%C3%BC%20%22%20%3B;z",
    ),
    ("Content-Type: a/b; name = ü v.txt (c)", "Content-Type: a/b; name*=UTF-8''%C3%BC%20v.txt"),
    ('Content-Type: a/b; name="ü', "Content-Type: a/b; name*=UTF-8''%C3%BC"),
    ("Content-Type: a/b; ü", "Content-Type: a/b; =?UTF-8?B?w7w=?="),
    ("Content-Type: a/b; x=y (ü)", "Content-Type: a/b; x=y (=?UTF-8?B?w7w=?=)"),
    ('Content-Type: ü" (', "Content-Type: =?UTF-8?B?w7wi?= ("),
    ("Content-Type: a/b (ü); x=y", "Content-Type: a/b (=?UTF-8?B?w7w=?=); x=y"),
    ('Content-Disposition: a; f="ü"; F="o"; g=x', "Content-Disposition: a; f*=UTF-8''%C3%BC; g=x"),
    (
        "Content-Disposition: a; f=\"ü\"; f*=UTF-8''%C3%BC",
        "Content-Disposition: a; f*=UTF-8''%C3%BC",
    ),
    ("Content-Disposition: a; f*=UTF-8''ü%C3%BC", "Content-Disposition: a; f*=UTF-8''%C3%BC%C3%BC"),
    ("Content-Disposition: a; f*=ü", "Content-Disposition: a; f*=UTF-8''%C3%BC"),
    (
        "Content-Disposition: a; f*1=\"ü\"; f*0*=utf-8'de'%C3%A4",
        "Content-Disposition: a; f*=utf-8'de'%C3%A4%C3%BC",
    ),
    (
        "Content-Disposition: a; f*0*=utf-8''a; f*1*=%C3%BCü",
        "Content-Disposition: a; f*=utf-8''a%C3%BC%C3%BC",
    ),
    # what is no field
    ("Subject: a\nno field ü\nTo: b", "Subject: a\nno field =?UTF-8?B?w7w=?=\nTo: b"),
    (" " * 60 + "ü", None),
]


@pytest.mark.parametrize(("field", "expected"), FIELDS)
def test_a_field_says_the_same_in_ascii(field: str, expected: str | None) -> None:
    written = rewritten(field)

    assert all(len(line) <= LINE_OCTETS for line in written.split("\r\n"))
    if expected is not None:
        assert re.sub(r"[\r\n]+", "", expected) == re.sub(r"[\r\n]+", "", written)


def test_a_long_file_name_is_said_in_sections_without_a_cut_character() -> None:
    name = "とても長いファイル名でここで折り返しが必要になります.txt"
    written = rewritten(f'Content-Disposition: attachment; filename="{name}"')

    assert "filename*0*=UTF-8''" in written
    assert "filename*1*=%" in written
    parsed = message_from_string(written + "\r\n", policy=default)
    assert name == parsed.get_filename()


def test_a_block_that_is_not_all_utf_8_stays_as_it_is() -> None:
    block = "Subject: ü\r\n".encode() + b"From: \xfc\r\n"

    assert block == in_ascii(block)


def test_fields_in_ascii_keep_their_octets_beside_one_that_is_not() -> None:
    block = "To:  a@b,\r\n\tc@d  \r\nSubject: ü\r\nno field\r\nX:y\r\n".encode()

    expected = b"To:  a@b,\r\n\tc@d  \r\nSubject: =?UTF-8?B?w7w=?=\r\nno field\r\nX:y\r\n"
    assert expected == in_ascii(block)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120)
NAMES = st.sampled_from(
    [
        "From", "To", "Subject", "X-Any", "Message-ID", "References", "Received", "Content-Type",
        "Content-Disposition", "Keywords", "Date", "Original-Recipient", "no field",
    ]
)  # fmt: skip
HOSTILE = st.text(alphabet="üö東 \t\"\\(),:;<>@[]=*'%?a0.\x00-", max_size=60)


@given(NAMES, TEXT | HOSTILE)
@example("Subject", "\u2028")
@example("Content-Type", "ü" * 300)
@example("From", "(" * 300 + "ü")
def test_any_field_becomes_ascii_with_short_encoded_words(name: str, text: str) -> None:
    written = in_ascii(f"{name}: {text}\r\n".encode())

    assert written.isascii()
    assert written.endswith(b"\r\n")
    assert b"\r\n\r\n" not in written
    assert all(len(word) <= 75 for word in ENCODED_WORD.findall(written))


@given(TEXT)
def test_a_subject_is_read_as_before(text: str) -> None:
    field = f"Subject: {text}\r\n"
    before = message_from_string(field + "\r\n", policy=default)["Subject"]
    after = message_from_string(in_ascii(field.encode()).decode() + "\r\n", policy=default)

    assert before.strip() == after["Subject"].strip()


def word(octets: int) -> st.SearchStrategy[str]:
    return st.text(
        st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=octets // 4
    )


def test_colons_upon_colons_are_no_groups_in_groups() -> None:
    # Found by `make fuzz`: each colon was one more call, up to Python's limit.
    colons = ":" * 9_000

    assert colons in rewritten(f"To: {colons}ü")
    assert "To: a:b:=?UTF-8?B?w7w=?=;" == rewritten("To: a:b:ü;").rstrip()


def display_name(shown: str) -> str:
    field = f"From: {shown} <a@example.org>, b@example.org\r\n"
    parsed = message_from_string(in_ascii(field.encode()).decode() + "\r\n", policy=default)

    first, second = parsed["From"].addresses
    assert ["a@example.org", "b@example.org"] == [first.addr_spec, second.addr_spec]
    return str(first.display_name)


@given(word(20), word(20), st.booleans())
def test_a_display_name_is_read_as_before(first: str, second: str, quoted: bool) -> None:
    name = f"{first} {second}"

    assert name == display_name(f'"{name}"' if quoted else name)


@given(st.lists(word(80), min_size=1, max_size=9))
def test_a_long_display_name_is_read_as_before(words: list[str]) -> None:
    # Python 3.11 shows the space between two encoded words of a name: only letters are compared.
    assert "".join(words) == display_name(" ".join(words)).replace(" ", "")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=90))
def test_a_file_name_is_read_as_before(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    field = f'Content-Disposition: attachment; filename="{quoted} ü"; size=3\r\n'
    parsed = message_from_string(in_ascii(field.encode()).decode() + "\r\n", policy=default)

    assert f"{name} ü" == parsed["Content-Disposition"].params["filename"]
    assert "3" == parsed["Content-Disposition"].params["size"]
