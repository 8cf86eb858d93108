"""A password in the keyring of the operating system, by keyring, which is an extra: ADR 0020."""

import importlib
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from types import TracebackType

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

SECONDS = 30.0  # a person may have to open it; a session does not wait for ever


def password_from_keyring(service: Secret, user: str, seconds: float = SECONDS) -> Secret:
    """Return what the keyring has for a service and a user; raises OperatorFault."""
    try:
        keyring = importlib.import_module("keyring")
    except ModuleNotFoundError:
        raise OperatorFault(
            'A password in the keyring needs keyring, which is not installed: "pip install'
            ' pillarbox[keyring]".'
        ) from None
    name = service.reveal().decode("utf-8")
    asked = _Asked(lambda: keyring.get_password(name, user))
    try:
        error = asked.answer.exception(seconds)
    except TimeoutError:
        raise OperatorFault(
            "The keyring gave no password within {seconds:g} seconds.", seconds=seconds
        ) from None
    if error is not None:
        # What other libraries below it say is not known to hold no secret.
        why = error if isinstance(error, keyring.errors.KeyringError) else type(error).__name__
        raise OperatorFault("The keyring cannot be read: {why}.", why=why)
    found = asked.answer.result()
    if not found:
        raise OperatorFault(
            "The keyring has no password of {user} under {service!r}.", user=user, service=name
        )
    return Secret(str(found).encode("utf-8", "surrogatepass"))


class _Asked:
    """A keyring that is asked, in a thread that nobody has to wait for."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self.answer: Future[object] = Future()
        self._ask = ask
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with self:
            self.answer.set_result(self._ask())

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Give whoever waits what was raised."""
        if error is not None:
            self.answer.set_exception(error)
        return True
