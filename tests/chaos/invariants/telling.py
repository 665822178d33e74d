"""I13: the events tell everything that happened."""

from collections import defaultdict

from tests.chaos.history import Founded, History
from tests.chaos.invariants.finding import Finding
from tests.chaos.invariants.showing import bubbles, present
from tests.chaos.screen import Place


def events_tell_everything(history: History) -> list[Finding]:
    """Whoever folds a conversation's events from its beginning has what is stored in the end."""
    places: dict[str, Place] = defaultdict(Place)
    for founded in history.of(Founded):
        places[founded.conversation].members = set(founded.members)
    for event in sorted(history.database.events, key=lambda event: event.revision):
        places[event.conversation].hear(event.frame)
    stored, members = bubbles(history.database), present(history.database)
    found = []
    for id, place in places.items():
        for message in sorted(place.messages.keys() | stored[id].keys()):
            told, kept = place.messages.get(message), stored[id].get(message)
            if told != kept:
                at = (told or kept).revision  # type: ignore[union-attr]
                text = f"events tell {told} where {kept} is stored"
                found.append(Finding(text=text, conversation=id, revisions=(at - 3, at + 3)))
        if place.members != members[id]:
            text = f"events tell of members {sorted(place.members)} where they are {sorted(members[id])}"
            found.append(Finding(text=text, conversation=id))
        if place.revision != history.database.revisions.get(id, 0):
            text = f"events end at {place.revision}, the counter at {history.database.revisions.get(id, 0)}"
            found.append(Finding(text=text, conversation=id))
    return found
