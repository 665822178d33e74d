"""Presence reads the same wherever it is shown, and is shown to whom both sides and no block admit."""

from itertools import product

import pytest

from adapters.memory.people_readers import MemoryProfiles, MemoryRelations
from adapters.memory.presence import MemoryMirror
from application.identity.people import People
from application.ports.presence import Presence
from application.presence.sight import Sight
from application.testing.builders import later
from domain.identity.settings import Privacy
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from domain.shared.values import moment
from tests.unit.application.presence_stage import CLOCK, Flaky, Stage


class Scene:
    """Two people, and every way to look at one of them."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.ann, self.ben = self.stage.person(), self.stage.person()
        self.presences = Flaky(self.stage.roster, CLOCK, lifetime=60.0)
        parts = MemoryProfiles(self.stage.store), MemoryRelations(self.stage.store), self.presences
        self.sight, self.people = Sight(*parts), People(*parts)

    async def seen(self, viewer: UserId, target: UserId) -> set[tuple[bool | None, str | None]]:
        """How the target looks, by every way."""
        of = (await self.sight.of(viewer, [target]))[target].view
        by = (await self.sight.by([viewer], target))[viewer].view
        user = (await self.people.seen_by(viewer, [target]))[target]
        return {(each.is_online, each.last_seen_at) for each in (of, by, user)}


@pytest.mark.parametrize(("anns", "bens"), list(product(Privacy, repeat=2)))
async def test_every_way_to_look_shows_the_same_and_what_both_sides_admit(
    anns: Privacy, bens: Privacy
) -> None:
    scene = Scene()
    await scene.presences.beat([scene.ann])
    await scene.stage.set(scene.ann, privacy_last_seen=anns)
    await scene.stage.set(scene.ben, privacy_last_seen=bens)
    for ann_saved, ben_saved, ann_blocks, ben_blocks in product((False, True), repeat=4):
        await scene.stage.relate(scene.ann, scene.ben, saved=ann_saved, is_blocked=ann_blocks)
        await scene.stage.relate(scene.ben, scene.ann, saved=ben_saved, is_blocked=ben_blocks)
        admitted = not ann_blocks and not ben_blocks
        for setting, saved in ((anns, ann_saved), (bens, ben_saved)):
            admitted &= setting is Privacy.EVERYONE or (setting is Privacy.CONTACTS and saved)
        ((is_online, last_seen_at),) = await scene.seen(scene.ben, scene.ann)
        assert (is_online, last_seen_at is not None) == ((True, True) if admitted else (None, False))


async def test_nobody_is_hidden_from_themselves() -> None:
    scene = Scene()
    await scene.presences.beat([scene.ann])
    await scene.stage.set(scene.ann, privacy_last_seen=Privacy.NOBODY)
    ((is_online, _),) = await scene.seen(scene.ann, scene.ann)
    assert is_online is True


async def test_the_store_says_when_somebody_was_last_seen_only_of_whom_nothing_else_is_known() -> None:
    scene = Scene()
    copied = Presence(online=True, last_seen_at=later(1), alive_for=1.0)
    await MemoryMirror(scene.stage.store).write({scene.ann: copied})
    assert await scene.seen(scene.ben, scene.ann) == {(False, moment(later(1)))}
    await scene.presences.beat([scene.ann])
    await scene.presences.leave([scene.ann])
    ((is_online, last_seen_at),) = await scene.seen(scene.ben, scene.ann)
    assert is_online is False
    assert last_seen_at == moment(scene.stage.roster.seen[scene.ann])


async def test_people_are_shown_without_presence_while_nobody_can_say() -> None:
    scene = Scene()
    scene.presences.is_away = True
    shown = (await scene.people.seen_by(scene.ben, [scene.ann]))[scene.ann]
    assert (shown.is_online, shown.last_seen_at) == (None, None)
    assert shown.username
    with pytest.raises(Unavailable):
        await scene.sight.of(scene.ben, [scene.ann])
