// Names of people seen only by id, fetched in batches and asked for once.

import { api } from "./api.js";
import { t } from "./i18n.js";
import { person, putPeople, store } from "./store.js";

const asked = new Set();
let wanted = new Set();
let timer = 0;

export function forgetPeople() {
  asked.clear();
  wanted.clear();
}

/** Makes sure that these people's names arrive sooner or later. */
export function need(ids) {
  for (const id of ids) {
    if (id && !asked.has(id) && !person(id)) wanted.add(id);
  }
  if (wanted.size && !timer) timer = setTimeout(fetchNames, 30);
}

async function fetchNames() {
  timer = 0;
  const ids = [...wanted].slice(0, 100);
  wanted = new Set([...wanted].slice(100));
  for (const id of ids) asked.add(id);
  try {
    putPeople((await api.usersById(ids)).items);
  } catch (error) {
    // A name can wait. What failed for now is asked again when it is next needed.
    if (error.temporary) for (const id of ids) asked.delete(id);
  }
  if (wanted.size && !timer) timer = setTimeout(fetchNames, 1000);
}

export function nameOf(id) {
  const known = person(id);
  if (!known) return t("person.unknown");
  return nameOfUser(known);
}

/** What a person is called here: by the nickname I gave them, else by the name they gave themselves. */
export function nameOfUser(user) {
  return store.contacts.get(user.id)?.nickname || user.display_name || user.username || t("person.deleted");
}

/** The first word of a name, for tight places. */
export function shortNameOf(id) {
  return nameOf(id).split(/\s+/)[0];
}

export function titleOf(conversation, myId) {
  if (conversation.type === "GROUP") return conversation.subject || t("conversation.untitled");
  const peer = store.people.get(conversation.peer?.id) ?? conversation.peer;
  if (!peer) return t("person.unknown");
  if (peer.id === myId) return t("conversation.saved");
  return nameOfUser(peer);
}
