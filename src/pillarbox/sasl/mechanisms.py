"""The mechanisms of the server, strongest first: the order in which they are announced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pillarbox.base.secret import Secret
from pillarbox.sasl.cram_md5 import CRAM_MD5, begin_cram_md5
from pillarbox.sasl.exchange import Exchange
from pillarbox.sasl.login import LOGIN, begin_login
from pillarbox.sasl.oauthbearer import OAUTHBEARER, begin_oauthbearer
from pillarbox.sasl.plain import PLAIN, begin_plain
from pillarbox.sasl.scram import SCRAMS, Scram
from pillarbox.sasl.situation import Situation
from pillarbox.sasl.xoauth2 import XOAUTH2, begin_xoauth2

__all__ = ["MECHANISMS", "Mechanism", "Situation"]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism as the server offers it."""

    name: str
    reveals_password: bool  # or the token: whoever listens can log in
    needs_end_point: bool
    begin: Callable[[Situation, Secret | None], Exchange]  # the initial response, decoded, or None


def _scram(scram: Scram) -> Mechanism:
    return Mechanism(
        scram.name, reveals_password=False, needs_end_point=scram.is_plus, begin=scram.begin
    )


def _other(
    name: str, begin: Callable[[Situation, Secret | None], Exchange], *, reveals_password: bool
) -> Mechanism:
    return Mechanism(name, reveals_password, needs_end_point=False, begin=begin)


MECHANISMS: Mapping[str, Mechanism] = {
    mechanism.name: mechanism
    for mechanism in (
        *map(_scram, SCRAMS),
        _other(OAUTHBEARER, begin_oauthbearer, reveals_password=True),
        _other(XOAUTH2, begin_xoauth2, reveals_password=True),
        _other(PLAIN, begin_plain, reveals_password=True),
        _other(LOGIN, begin_login, reveals_password=True),
        _other(CRAM_MD5, begin_cram_md5, reveals_password=False),
    )
}
