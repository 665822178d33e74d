"""What can go wrong with an embedded server; every message says what to do about it."""


class EmbeddedServerError(Exception):
    """An embedded server cannot be used. The message is for the person at the terminal."""


class ServersMissing(EmbeddedServerError):
    """No binary of PostgreSQL, or of Redis, was found on this machine."""


class DataInUse(EmbeddedServerError):
    """Another live process has started a server on the same data directory."""


class DataUnusable(EmbeddedServerError):
    """The data directory cannot be written, belongs to another version, or is not a database of ours."""


class ServerDidNotStart(EmbeddedServerError):
    """The server, or the program that prepares its data, ended or was not ready in time. Quotes its log."""


class ServerDidNotStop(EmbeddedServerError):
    """A process did not end within its time, and it is not ours to force."""
