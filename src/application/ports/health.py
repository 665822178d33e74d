"""Whether the things the product stands on can be reached."""

from typing import Protocol


class Health(Protocol):
    """Promise: ``ailments`` is empty when all is well, else one sentence per thing that is wrong; it answers
    within two seconds whatever happens.
    """

    async def ailments(self) -> list[str]: ...
