"""A file that was uploaded, and whether its owner may send it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.shared.errors import AttachmentNotFound, AttachmentNotReady
from domain.shared.ids import AttachmentId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """``completed_at``: since when all its bytes are there; ``deleted_at``: since when they are not any more."""

    id: AttachmentId
    uploader_id: UserId | None
    url: str
    filename: str | None = None
    mime_type: str
    size_bytes: int
    sha256: bytes | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    created_at: datetime
    completed_at: datetime | None = None
    deleted_at: datetime | None = None


def require_own(
    wanted: Sequence[AttachmentId], found: Mapping[AttachmentId, Attachment], owner: UserId
) -> tuple[Attachment, ...]:
    """The attachments in the order wanted. Raises ``AttachmentNotFound`` for what is not there, deleted or somebody
    else's, and ``AttachmentNotReady`` for what has not been uploaded completely; each points at its place.
    """
    chosen = []
    for place, id in enumerate(wanted):
        attachment = found.get(id)
        if attachment is None or attachment.uploader_id != owner or attachment.deleted_at is not None:
            raise AttachmentNotFound(pointer=f"/attachment_ids/{place}")
        chosen.append(attachment)
    for place, attachment in enumerate(chosen):
        if attachment.completed_at is None:
            raise AttachmentNotReady(pointer=f"/attachment_ids/{place}")
    return tuple(chosen)
