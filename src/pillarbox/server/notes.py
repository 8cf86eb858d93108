"""What can be wrong in a session, as codes: the command line says what each means. Pure."""

from enum import StrEnum


class Note(StrEnum):
    """Names in the database, never reused."""

    # Before login
    HTTP = "http"
    STLS_INJECTION = "stls-injection"
    BEFORE_TLS = "before-tls"
    HANDSHAKE_FAILED = "handshake-failed"
    NO_TLS_NOW = "no-tls-now"
    UNKNOWN_MECHANISM = "unknown-mechanism"
    NO_TIMESTAMP = "no-timestamp"
    NO_NAME = "no-name"
    NOT_BASE64 = "not-base64"
    CANCELLED = "cancelled"
    TOO_MANY_BAD_COMMANDS = "too-many-bad-commands"
    # As login.refused in the journal says it
    NOT_ACCEPTED = "not-accepted"
    THROTTLED = "throttled"
    IN_USE = "in-use"
    LOGIN_DELAY = "login-delay"
    BUSY = "busy"
    MISCONFIGURED = "misconfigured"
    # Anywhere
    UNKNOWN_COMMAND = "unknown-command"
    WRONG_STATE = "wrong-state"
    BAD_ARGUMENTS = "bad-arguments"
    TOO_LONG = "too-long"
    # Behind login
    NO_SUCH_MESSAGE = "no-such-message"
    MARKED = "marked"
    UNREADABLE = "unreadable"
    UTF8_ONLY = "utf8-only"
    REMOVAL_FAILED = "removal-failed"
    LEFT_WITHOUT_QUIT = "left-without-quit"
    TIMEOUT = "timeout"
    DRAINED = "drained"
    REVOKED = "revoked"
