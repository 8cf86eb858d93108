"""Asks the accounts who somebody is, each question in the pool where it holds up nobody else."""

from pillarbox.base.errors import Fault, StoreFault
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.net.pool import PoolFullError
from pillarbox.sasl.exchange import Ask, FindScram, ScramAccount, TryDigest, TryPassword, TryToken
from pillarbox.server.services import Services


class GuessedFault(Fault):
    """A password could not be tried in full, and yet it was compared with a right one."""

    retry = True


def name_of(ask: Ask) -> str:
    """Return who somebody says they are, "" where only the token tells."""
    return ask.name or ""


async def asked(ask: Ask, services: Services) -> Identity | ScramAccount | None:
    """Return the answer; raises PoolFullError, StoreFault, GuessedFault and OperatorFault."""
    admission = services.admission
    match ask:
        case TryPassword(name, password):
            return await _whose(name, password, services)
        case TryToken(name_or_none, token):
            return await services.asking.run(admission.try_token, name_or_none, token)
        case TryDigest(name, proof):
            return await services.disk.run(admission.try_digest, name, proof)
        case FindScram(name, hash_):
            return await services.disk.run(admission.find_scram, name, hash_)


async def _whose(name: str, password: Secret, services: Services) -> Identity | None:
    admission = services.admission
    # Who can be known at once does not wait behind guesses, which are slow on purpose.
    known = await services.disk.run(admission.recall, name, password)
    if isinstance(known, Identity):
        return known
    try:
        return await services.hashing.run(admission.try_password, name, password)
    except (PoolFullError, StoreFault) as fault:
        if known is None:
            raise
        raise GuessedFault("{why}", why=fault) from fault
