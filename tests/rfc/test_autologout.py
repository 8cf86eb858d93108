"""The timer of inactivity: RFC 1939, section 3."""

import pytest

from tests.server.rig import Rig, Talk, converse


@pytest.mark.parametrize("command", [b"NOOP", b"STAT", b"NOPE", b"DELE 9", b"CAPA 1", b"RSET"])
def test_any_command_starts_the_timer_anew(command: bytes) -> None:
    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"NOOP\r\n")
        before = talk.driver._peer._deadline
        await talk.ask(command + b"\r\n")
        await talk.stream.write(b"NOO")
        await talk.ask(b"P\r\n")

        assert before < talk.driver._peer._deadline

    converse(Rig(), talk)
