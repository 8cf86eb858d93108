"""The mechanisms of the client, by name."""

from collections.abc import Callable, Mapping
from functools import partial

from pillarbox.base.errors import OperatorFault
from pillarbox.sasl.client_exchange import ClientExchange, Login, MechanismFault, UnfitFault
from pillarbox.sasl.cram_md5 import CramMd5Client
from pillarbox.sasl.facts import CRAM_MD5, LOGIN, OAUTHBEARER, PLAIN, XOAUTH2
from pillarbox.sasl.login import LoginClient
from pillarbox.sasl.oauthbearer import oauthbearer_client
from pillarbox.sasl.plain import plain_client
from pillarbox.sasl.scram import SCRAMS
from pillarbox.sasl.scram_client import ScramClient
from pillarbox.sasl.xoauth2 import xoauth2_client

__all__ = ["CLIENTS", "ClientExchange", "Login", "MechanismFault", "UnfitFault", "begin"]

CLIENTS: Mapping[str, Callable[[Login], ClientExchange]] = {
    **{scram.name: partial(ScramClient, scram) for scram in SCRAMS},
    OAUTHBEARER: oauthbearer_client,
    XOAUTH2: xoauth2_client,
    PLAIN: plain_client,
    LOGIN: LoginClient,
    CRAM_MD5: CramMd5Client,
}


def begin(mechanism: str, login: Login) -> ClientExchange:
    """Return one attempt; raise UnfitFault where the mechanism cannot carry the name or secret."""
    if mechanism not in CLIENTS:
        raise OperatorFault("{mechanism} is no mechanism that we have.", mechanism=mechanism)
    return CLIENTS[mechanism](login)
