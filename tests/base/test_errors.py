"""Faults: who can mend them, and whether the same call may help later."""

import pytest

from pillarbox.base.errors import Bug, Fault, OperatorFault, PeerFault, StoreFault


def test_a_fault_reads_as_its_template_with_its_fields() -> None:
    fault = OperatorFault("Cannot open {file}: {why}.", file="/tmp/x", why="no such file")

    assert "Cannot open /tmp/x: no such file." == str(fault)


def test_template_and_fields_stay_apart_for_translation() -> None:
    fault = Fault("Line {line}.", line=7)

    assert "Line {line}." == fault.template
    assert {"line": 7} == fault.fields
    assert ("Line {line}.", {"line": 7}) == fault.args


def test_braces_in_a_field_are_no_template() -> None:
    assert "It said {line}." == str(Fault("It said {said}.", said="{line}"))


def test_only_a_peer_may_do_better_next_time() -> None:
    assert PeerFault("x").retry
    assert not any(kind("x").retry for kind in (Fault, OperatorFault, StoreFault, Bug))


@pytest.mark.parametrize("kind", [PeerFault, OperatorFault, StoreFault, Bug])
def test_every_fault_is_caught_as_one(kind: type[Fault]) -> None:
    with pytest.raises(Fault, match=r"^Why\.$"):
        raise kind("{what}.", what="Why")
