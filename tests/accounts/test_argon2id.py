"""The scheme of passwords: RFC 9106."""

import pytest
from argon2 import extract_parameters
from argon2.exceptions import HashingError

from pillarbox.accounts.argon2id import Argon2id
from pillarbox.base.errors import StoreFault


@pytest.fixture
def cheap() -> Argon2id:
    return Argon2id(memory_kib=8, passes=1)


def test_a_verifier_knows_its_password_and_no_other(cheap: Argon2id) -> None:
    verifier = cheap.make(b"correct horse")

    assert cheap.is_right(verifier, b"correct horse")
    assert not cheap.is_right(verifier, b"correct horsf")


def test_new_verifiers_are_not_weaker_than_owasp_asks() -> None:
    parameters = extract_parameters(Argon2id().decoy())

    assert parameters.memory_cost >= 19_456
    assert parameters.time_cost >= 2
    assert 1 == parameters.parallelism


def test_a_decoy_costs_what_a_verifier_costs_and_nothing_opens_it(cheap: Argon2id) -> None:
    decoy = cheap.decoy()

    assert extract_parameters(cheap.make(b"x")) == extract_parameters(decoy)
    assert not cheap.is_right(decoy, b"")
    assert decoy != cheap.decoy()


def test_a_verifier_of_other_parameters_is_still_tried_but_is_not_current(cheap: Argon2id) -> None:
    verifier = cheap.make(b"x")
    other = Argon2id(memory_kib=16, passes=1)

    assert other.is_right(verifier, b"x")
    assert not other.is_current(verifier)
    assert cheap.is_current(verifier)


@pytest.mark.parametrize("garbled", ["", "canary", "$argon2id$v=19$m=8,t=1,p=1$canary", "$argon2é"])
def test_a_garbled_verifier_is_a_fault_that_does_not_show_it(cheap: Argon2id, garbled: str) -> None:
    with pytest.raises(StoreFault) as caught:
        cheap.is_right(garbled, b"x")

    assert "canary" not in f"{caught.value!r} {caught.value}"


def test_a_machine_without_memory_is_a_fault(
    cheap: Argon2id, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Exhausted:
        def hash(self, password: bytes) -> str:
            raise HashingError("Memory allocation error")

    monkeypatch.setattr(cheap, "_hasher", Exhausted())

    with pytest.raises(StoreFault, match="Memory allocation error"):
        cheap.make(b"x")
