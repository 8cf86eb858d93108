"""The grammar of SCRAM's messages: RFC 5802, section 7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.sasl.saslname import escape, unescape
from pillarbox.sasl.scram_messages import (
    MESSAGE_OCTETS,
    ClientFinal,
    ClientFirst,
    ServerFinal,
    ServerFirst,
    read_client_final,
    read_client_first,
    read_server_final,
    read_server_first,
)

READERS = [read_client_first, read_client_final, read_server_first, read_server_final]


def test_the_parts_of_the_clients_first_message_are_found() -> None:
    message = b"p=tls-server-end-point,a=m=3Dr,n=m=3Dr=2C,r=x!y,Z=1=2,q=3"

    assert ClientFirst(
        header="p=tls-server-end-point,a=m=3Dr,",
        flag="p",
        binding="tls-server-end-point",
        acting_as="m=r",
        bare="n=m=3Dr=2C,r=x!y,Z=1=2,q=3",
        name="m=r,",
        nonce="x!y",
    ) == read_client_first(message)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n",
        b"n,,",
        b",,n=user,r=x",
        b"x,,n=user,r=x",
        b"N,,n=user,r=x",
        b"n,n=user,r=x",
        b"n,,,n=user,r=x",
        b"p,,n=user,r=x",
        b"p=,,n=user,r=x",
        b"p=tls_unique,,n=user,r=x",
        b"n=x,,n=user,r=x",
        b"F,n,,n=user,r=x",
        b"n,user,n=user,r=x",
        b"n,a=,n=user,r=x",
        b"n,a=us=er,n=user,r=x",
        b"n,,m=x,n=user,r=x",
        b"n,,n=user,m=x,r=x",
        b"n,,n=user,r=x,m=x",
        b"n,,r=x,n=user",
        b"n,,n=user",
        b"n,,r=x",
        b"n,,n=,r=x",
        b"n,,n=user,r=",
        b"n,,n=user,r=x y",
        b"n,,n=user,r=x\x7f",
        "n,,n=user,r=é".encode(),
        b"n,,n=us=er,r=x",
        b"n,,n=us=2c,r=x",
        b"n,,n=us=3d,r=x",
        b"n,,n=us=,r=x",
        b"n,,n=us\0er,r=x",
        b"n,,n=us\xffer,r=x",
        b"n,,n=\xed\xa0\x80,r=x",
        b"n,,n=user,n=user,r=x",
        b"n,,n=user,r=x,r=x",
        b"n,,n=user,r=x,n=user",
        b"n,,n=user,r=x,",
        b"n,,n=user,r=x,Z",
        b"n,,n=user,r=x,Z=",
        b"n,,n=user,r=x,Z=1,Z=2",
        b"n,,n=user,r=x,ZZ=1",
        b"n,,n=user,r=x,1=1",
        b"n,,n=user,r=x,Z=\0",
        b"n,,n=user,r=x\n",
        b" n,,n=user,r=x",
    ],
)
def test_what_is_no_first_message_of_a_client_is_none(message: bytes) -> None:
    assert read_client_first(message) is None


def test_the_parts_of_the_clients_final_message_are_found() -> None:
    assert ClientFinal(
        without_proof="c=biws,r=xy,Z=p=AAAA", binding="biws", nonce="xy", proof=b"\0\0\0"
    ) == read_client_final(b"c=biws,r=xy,Z=p=AAAA,p=AAAA")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"c=biws,r=xy",
        b"c=biws,p=AAAA",
        b"r=xy,p=AAAA",
        b"r=xy,c=biws,p=AAAA",
        b"c=biws,p=AAAA,r=xy",
        b"c=,r=xy,p=AAAA",
        b"c=bi!s,r=xy,p=AAAA",
        b"c=biws,r=,p=AAAA",
        b"c=biws,r=xy,p=",
        b"c=biws,r=xy,p=AAA",
        b"c=biws,r=xy,p=AA==AA==",
        b"c=biws,r=xy,p=AB==",
        b"c=biws,r=xy,p=AA=",
        b"c=biws,r=xy,p=AAAA=",
        b"c=biws,r=xy,p=AAAA\n",
        b"c=biws,r=xy,p=AA AA",
        b"c=biws,r=xy,p=AAAA,Z=1",
        b"c=biws,r=xy,p=AAAA,p=AAAA",
        b"c=biws,r=xy,m=1,p=AAAA",
        b"c=biws,r=xy,r=xy,p=AAAA",
        b"c=biws,c=biws,r=xy,p=AAAA",
        b"m=1,c=biws,r=xy,p=AAAA",
        b"c=biws,,r=xy,p=AAAA",
    ],
)
def test_what_is_no_final_message_of_a_client_is_none(message: bytes) -> None:
    assert read_client_final(message) is None


def test_the_parts_of_the_servers_first_message_are_found() -> None:
    assert ServerFirst("xy", b"\0\0\0", 4096) == read_server_first(b"r=xy,s=AAAA,i=4096,Z=1")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"m=1,r=xy,s=AAAA,i=4096",
        b"r=xy,s=AAAA,i=4096,m=1",
        b"r=xy,s=AAAA",
        b"r=xy,i=4096",
        b"s=AAAA,i=4096",
        b"s=AAAA,r=xy,i=4096",
        b"r=xy,s=,i=4096",
        b"r=xy,s=AAA,i=4096",
        b"r=xy,s=AB==,i=4096",
        b"r=xy,s=AAAA,i=0",
        b"r=xy,s=AAAA,i=04096",
        b"r=xy,s=AAAA,i=-4096",
        b"r=xy,s=AAAA,i=4_096",
        b"r=xy,s=AAAA,i=4096.0",
        "r=xy,s=AAAA,i=４０９６".encode(),
        b"r=xy,s=AAAA,i=40960000000",
        b"r=xy,s=AAAA,i=",
        b"r=xy,s=AAAA,i=4096,i=4096",
        b"r=xy,s=AAAA,i=4096,",
        b"e=other-error",
    ],
)
def test_what_is_no_first_message_of_a_server_is_none(message: bytes) -> None:
    assert read_server_first(message) is None


def test_the_servers_final_message_is_a_signature_or_an_error() -> None:
    assert ServerFinal(b"\0\0\0") == read_server_final(b"v=AAAA,Z=1")
    assert ServerFinal(None) == read_server_final(b"e=other-error,Z=1")


@pytest.mark.parametrize(
    "message",
    [b"", b"v=", b"v=AAA", b"v=AB==", b"e=", b"v=AAAA,m=1", b"v=AAAA,v=AAAA", b"Z=1,v=AAAA"],
)
def test_what_is_no_final_message_of_a_server_is_none(message: bytes) -> None:
    assert read_server_final(message) is None


def test_a_message_has_a_bound() -> None:
    start = b"n,,n=user,r="
    longest = start + b"x" * (MESSAGE_OCTETS - len(start))

    assert read_client_first(longest)
    assert read_client_first(longest + b"x") is None


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1))
def test_a_name_comes_out_as_it_went_in(name: str) -> None:
    first = read_client_first(f"n,a={escape(name)},n={escape(name)},r=x".encode())

    assert first
    assert (name, name) == (first.name, first.acting_as)
    assert name == unescape(escape(name))


@given(st.one_of(st.binary(), st.text(",=aceimnprsvyZ\0é 4/+").map(str.encode)))
def test_no_octets_are_a_surprise(octets: bytes) -> None:
    for read in READERS:
        message = read(octets)

        assert message is None or repr(message)
