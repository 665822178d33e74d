// The picture of a conversation: the other side's, the group's initials, or a bookmark for one's own notes.

import { html } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { titleOf } from "../people.js";
import { store } from "../store.js";
import { Avatar } from "./avatar.js";

export function isSaved(conversation, myId) {
  return conversation.type === "DM" && conversation.peer?.id === myId;
}

export function Face({ conversation }) {
  const myId = useSession((session) => session.user?.id);
  useStore((state) => state.people);
  const group = conversation.type === "GROUP";
  const who = group ? conversation : store.people.get(conversation.peer?.id) ?? conversation.peer;
  const icon = isSaved(conversation, myId) ? "bookmark" : group && !conversation.subject ? "group" : null;
  return html`
    <${Avatar} id=${who?.id ?? conversation.id} name=${titleOf(conversation, myId)} url=${who?.avatar_url} icon=${icon} />`;
}
