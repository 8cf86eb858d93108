"""What is said of sessions: what was wrong, what it means, and what to do about it."""

from pillarbox.base.words import N_

STAGES = {"A": N_("Before login"), "T": N_("In the maildrop"), "U": N_("Removal")}

# How a session ended, as the journal says it; other words tell of themselves.
ENDS = {
    "end": N_("ended"),
    "timeout": N_("time ran out"),
    "drained": N_("the server stopped"),
    "revoked": N_("locked out"),
    "error": N_("the store failed"),
    "live": N_("live"),
    "cut short": N_("cut short with the server"),
}

# Code of a note: what it means and what to do.
NOTES = {
    "http": N_(
        "A web browser, or a program that looks for one. It was sent away. Nothing is to be done."
    ),
    "stls-injection": N_(
        "Octets came in behind STLS: somebody on the way may have put them there. Nothing of it"
        " was taken. If your own client does it, it is broken: let it use TLS from the start."
    ),
    "before-tls": N_(
        "It wanted to log in before TLS was on. The password, if one was sent, could be read on"
        ' the way: set a new one, and set the client to "SSL/TLS" or "STARTTLS".'
    ),
    "handshake-failed": N_(
        "TLS did not begin. Most often the client does not trust the certificate, knows only"
        " versions of TLS that are too old, or speaks plaintext where TLS comes first."
    ),
    "no-tls-now": N_(
        "It asked for TLS where that is on already or not offered. A mistake of the client's."
    ),
    "unknown-mechanism": N_(
        "It wanted a way to log in that is not offered. Choose another in the client."
    ),
    "no-timestamp": N_(
        "It tried APOP, which is not offered here. Choose another way in the client."
    ),
    "no-name": N_("PASS came without USER right before it. A mistake of the client's."),
    "not-base64": N_("Its answer was not in base64. A mistake of the client's."),
    "cancelled": N_("The client gave the login up by itself, often since it has no password."),
    "too-many-bad-commands": N_(
        "Ten bad commands before login: this is no mail client, and it was sent away."
    ),
    "not-accepted": N_(
        "The name, the password, or what the account allows did not fit. If it was the owner, let"
        ' them try the password again, or give the device a new one ("pillarbox device add").'
    ),
    "throttled": N_(
        "There were too many wrong guesses, and this one was not even tried. It passes by itself."
    ),
    "in-use": N_(
        "Another session of the same device had the maildrop. Two clients share one password, or"
        ' the last connection broke off. Give each its own ("pillarbox device add").'
    ),
    "login-delay": N_("It came again too soon. Set the client to look for mail less often."),
    "busy": N_("The server had too much to do. The client tries again by itself."),
    "misconfigured": N_("The server needs its administrator: the journal says why."),
    "unknown-command": N_("A command that there is not. Many clients try some, and go on."),
    "wrong-state": N_(
        "A command that belongs before login or behind it. A mistake of the client's."
    ),
    "bad-arguments": N_("A command without what belongs to it. A mistake of the client's."),
    "too-long": N_("A line that is longer than a command may be. A mistake of the client's."),
    "no-such-message": N_("It asked for a message that its maildrop does not have."),
    "marked": N_("It asked for a message that it had marked itself. A mistake of the client's."),
    "unreadable": N_("A message could not be read from the disk: the journal says why."),
    "utf8-only": N_("A message whose headers this client cannot read. Choose a newer client."),
    "removal-failed": N_("What was marked could not be removed: the journal says why."),
    "left-without-quit": N_(
        "It had marked messages and left without QUIT, so nothing was removed. Most often the"
        " connection broke; the client will see them again."
    ),
    "timeout": N_("It said nothing for too long."),
    "drained": N_("The server was told to stop."),
    "revoked": N_("Its password, its device or its account was taken out of use meanwhile."),
}
