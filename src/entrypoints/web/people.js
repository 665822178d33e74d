// Names of people seen only by id, fetched in batches and asked for once.

import { api, offers } from "./api.js";
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

let together = true;

async function fetchPeople(ids) {
  if (together && offers("users")) {
    try {
      return (await api.usersById(ids)).items ?? [];
    } catch (error) {
      if (error.temporary) throw error;
      // This server cannot look up several at once.
      together = false;
    }
  }
  const found = await Promise.all(ids.slice(0, 20).map((id) => api.user(id).catch(() => null)));
  return found.filter(Boolean);
}

async function fetchNames() {
  timer = 0;
  const ids = [...wanted].slice(0, 100);
  wanted = new Set([...wanted].slice(100));
  for (const id of ids) asked.add(id);
  try {
    putPeople(await fetchPeople(ids));
  } catch (error) {
    // A name can wait. What failed for now is asked again when it is next needed.
    if (error.temporary) for (const id of ids) asked.delete(id);
  }
  if (wanted.size && !timer) timer = setTimeout(fetchNames, 1000);
}

export function nameOf(id) {
  const known = person(id);
  if (!known) return t("person.unknown");
  return known.display_name || known.username || t("person.deleted");
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
  return peer.display_name || peer.username || t("person.deleted");
}
