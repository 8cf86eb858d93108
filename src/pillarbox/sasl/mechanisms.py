"""The mechanisms of the server, strongest first: the order in which they are announced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pillarbox.base.secret import Secret
from pillarbox.sasl.cram_md5 import begin_cram_md5
from pillarbox.sasl.exchange import Exchange
from pillarbox.sasl.facts import CRAM_MD5, FACTS, LOGIN, OAUTHBEARER, PLAIN, XOAUTH2, Facts
from pillarbox.sasl.login import begin_login
from pillarbox.sasl.oauthbearer import begin_oauthbearer
from pillarbox.sasl.plain import begin_plain
from pillarbox.sasl.scram import SCRAMS
from pillarbox.sasl.situation import Situation
from pillarbox.sasl.xoauth2 import begin_xoauth2

__all__ = ["MECHANISMS", "Mechanism", "Situation"]


Begin = Callable[[Situation, Secret | None], Exchange]  # the initial response, decoded, or None


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism as the server offers it."""

    facts: Facts
    begin: Begin


_BEGINNINGS: Mapping[str, Begin] = {
    **{scram.name: scram.begin for scram in SCRAMS},
    OAUTHBEARER: begin_oauthbearer,
    XOAUTH2: begin_xoauth2,
    PLAIN: begin_plain,
    LOGIN: begin_login,
    CRAM_MD5: begin_cram_md5,
}
MECHANISMS: Mapping[str, Mechanism] = {
    name: Mechanism(FACTS[name], begin) for name, begin in _BEGINNINGS.items()
}
