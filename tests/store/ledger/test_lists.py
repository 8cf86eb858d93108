"""Other servers' lists: what they say, and which line is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.errors import OperatorFault
from pillarbox.store.blobs.port import Digest
from pillarbox.store.ledger.entries import Entry, base_name
from pillarbox.store.ledger.lists import Form, read_list, recognise

DOVECOT = """\
3 V1659945426 N4 G3085f01b7f11094c501100008c4a11c1
1 W2481 S2457 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,
2 :1276533073.M242911P3632.kurkku:2,FS
10 P0042 G77 :1276533074.M1P1.kurkku
"""
COURIER = """\
/3 12 1659945426
1276528487.M364837P9451.kurkku,S=1355:2,S 1394 10:1659945426:0
1276533073.M242911P3632.kurkku 44 11:1659945427:1
with space.kurkku:2, 44 7:0
it's+a名.host:2,S 44 0:0:0
"""
SHA = "ab" * 32


def unique_ids(text: str, uidl_format: str | None = None) -> list[str]:
    return [entry.unique_id for entry in read_list(text, None, uidl_format)]


def test_dovecots_list_gives_uid_and_validity_in_hexadecimal() -> None:
    found = read_list(DOVECOT, None)

    assert [
        Entry("0000000162f0c1d2", 2, file="1276528487.M364837P9451.kurkku,S=1355,W=1394"),
        Entry("0000000262f0c1d2", 3, file="1276533073.M242911P3632.kurkku"),
        Entry("0042", 4, file="1276533074.M1P1.kurkku"),
    ] == found


@pytest.mark.parametrize(
    ("uidl_format", "first"),
    [
        ("%u", "1"),
        ("%v-%u", "1659945426-1"),
        ("%v.%4u", "1659945426.   1"),
        ("%v.%04u", "1659945426.0001"),
        ("UID%u-%v", "UID1-1659945426"),
        ("%Xv%%%u", "62f0c1d2%1"),
        ("%f", "1276528487.M364837P9451.kurkku,S=1355,W=1394"),
    ],
)
def test_another_format_of_dovecots_unique_ids_is_told(uidl_format: str, first: str) -> None:
    if " " in first:
        with pytest.raises(OperatorFault, match="Line 2"):
            read_list(DOVECOT, None, uidl_format)
    else:
        assert first == unique_ids(DOVECOT, uidl_format)[0]


def test_dovecots_guid_is_the_files_name_where_the_record_has_none() -> None:
    text = "3 V1 N2\n1 :file:2,S\n2 Gguid :other\n"

    assert ["file", "guid"] == unique_ids(text, "%g")


def test_dovecots_first_version_has_names_without_a_colon() -> None:
    text = "1 1659945426 3\n1 one:2,S\n2 two words\n"

    assert [
        Entry("0000000162f0c1d2", 2, file="one"),
        Entry("0000000262f0c1d2", 3, file="two words"),
    ] == read_list(text, None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("2 V1 N1\n", 1),
        ("3 N1 Gx\n", 1),
        ("3 V1 N2\n1 without-colon\n", 2),
        ("3 V1 N2\n\n1 :file\nx :file\n", 4),
    ],
)
def test_what_dovecot_does_not_write_is_named_by_its_line(text: str, line: int) -> None:
    with pytest.raises(OperatorFault, match=f"Line {line} "):
        read_list(text, Form.DOVECOT)


def test_a_format_with_other_variables_is_refused() -> None:
    with pytest.raises(OperatorFault, match="variable other than"):
        read_list(DOVECOT, None, "%m")


def test_couriers_list_gives_number_and_validity() -> None:
    found = read_list(COURIER, None)

    assert [
        Entry("UID10-1659945426", 2, file="1276528487.M364837P9451.kurkku,S=1355"),
        Entry("UID11-1659945427", 3, file="1276533073.M242911P3632.kurkku"),
        Entry("UID7", 4, file="with space.kurkku"),
        Entry("it+27s+2Ba+E5+90+8D.host", 5, file="it's+a名.host"),
    ] == found


@pytest.mark.parametrize(
    ("text", "line"), [("/1 2 3\n", 1), ("/2 2 3\n\nfile 3\n", 3), ("/3 2 3\nfile 3 x:y\n", 2)]
)
def test_what_courier_does_not_write_is_named_by_its_line(text: str, line: int) -> None:
    with pytest.raises(OperatorFault, match=f"Line {line} "):
        read_list(text, Form.COURIER)


def test_a_tsv_names_its_columns() -> None:
    text = f"octets\tunique_id\tsha256\tfile\tmessage_id\r\n1\ta\t{SHA}\t\t\r\n"
    text += "\r\n2\tb\t\tcur/f:2,S\t<m@x>\r\n"

    assert [
        Entry("a", 2, digest=Digest(bytes.fromhex(SHA))),
        Entry("b", 4, file="f", message_id="<m@x>"),
    ] == read_list(text, None)


@pytest.mark.parametrize("columns", ["", "unique_id", "sha256\tfile", "0001 a"])
def test_a_tsv_without_the_columns_is_refused(columns: str) -> None:
    with pytest.raises(OperatorFault, match="names the columns"):
        read_list(columns + "\n", None)


@pytest.mark.parametrize("line", ["a", f"a\t{SHA}x", "a\t", f"a\t{SHA}\tmore"])
def test_a_line_of_a_tsv_that_is_not_as_the_first_says_is_named(line: str) -> None:
    with pytest.raises(OperatorFault, match="Line 2 "):
        read_list(f"unique_id\tsha256\n{line}\n", None)


@pytest.mark.parametrize("unique_id", ["", "a b", "é", "x" * 71, "\x7f"])
def test_what_is_no_unique_id_is_refused(unique_id: str) -> None:
    with pytest.raises(OperatorFault, match="Line 2: this is no unique-id"):
        read_list(f"unique_id\tsha256\n{unique_id}\t{SHA}\n", None)


def test_a_unique_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(OperatorFault, match="Line 3: the unique-id stands in line 2 already"):
        read_list(f"unique_id\tsha256\na\t{SHA}\na\t{SHA}\n", None)


def test_a_format_for_dovecot_is_refused_with_another_list() -> None:
    with pytest.raises(OperatorFault, match="of use for Dovecot's"):
        read_list(COURIER, None, "%u")


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("3 V1 N1", Form.DOVECOT),
        ("1 1659945426 3", Form.DOVECOT),
        ("/2 1 1", Form.COURIER),
        ("/3 1", Form.COURIER),
        ("unique_id\tfile", Form.TSV),
    ],
)
def test_a_list_is_known_by_its_first_line(line: str, form: Form) -> None:
    assert form == recognise(line)


@pytest.mark.parametrize("file", ["a:2,", "cur/a:2,FS", "new/a", "a;2,S", "a!2,S", "a:"])
def test_flags_and_folder_do_not_belong_to_a_files_name(file: str) -> None:
    assert "a" == base_name(file)


@given(text=st.text(), form=st.sampled_from(Form))
def test_no_text_ends_in_anything_but_entries_or_a_fault(text: str, form: Form) -> None:
    try:
        found = read_list(text, form)
    except OperatorFault:
        return

    assert all(1 <= len(entry.unique_id) <= 70 for entry in found)
