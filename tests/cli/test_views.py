"""`pillarbox maildrop list --device`."""

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.names import Identity
from tests.cli.home import CommandLine


def test_a_device_is_listed_what_it_would_be_shown(ours: CommandLine) -> None:
    ours.deliver(b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n")
    for name in ("phone", "desktop"):
        ours.do("device", "add", "mrose", name)
    with opened(Home(ours.folder)) as system:
        phone = Identity(system.accounts.show("mrose").id, system.devices.show("mrose", "phone").id)
        maildrop = system.store.open_maildrop(phone)
        maildrop.commit(maildrop.messages[:1])
        maildrop.release()

    listed = ours.json("maildrop", "list", "mrose")

    assert isinstance(listed, list)
    assert 2 == len(listed)
    assert listed == ours.json("maildrop", "list", "mrose", "--device", "desktop")
    assert [{**listed[1], "number": 1}] == ours.json(
        "maildrop", "list", "mrose", "--device", "phone"
    )
    assert "has no device 'tablet'" in ours.refuse("maildrop", "list", "mrose", "--device=tablet")
