"""What adapters raise instead of their drivers' exceptions.

A driver's exception never crosses a port: it becomes a refusal of the domain (an identifier is taken), or one
of these, or ``Unavailable``.
"""


class Collision(Exception):
    """Two transactions met: a unique key, a deadlock, a serialization failure. Running again will decide it.

    The bus repeats the command, whose look-ups then see what the other one committed.
    """


class Unregistered(LookupError):
    """A command or query reached the bus that no module handles: a mistake of the program."""


class StaleAdapter(RuntimeError):
    """An adapter that should be there is missing or fails; the text lists what there is."""
