// The people I saved, under the names I gave them, and whom I block.

import { api } from "./api.js";
import { need } from "./people.js";
import { watchAgain } from "./presence.js";
import { putPeople, set, store } from "./store.js";

async function everyPage(fetchPage) {
  const items = [];
  let cursor;
  do {
    const page = await fetchPage(cursor);
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return items;
}

/** Everybody I saved; the answer is also what names are taken from. */
export async function loadContacts() {
  const items = await everyPage((cursor) => api.contacts({ cursor }));
  set({ contacts: new Map(items.map(({ user, nickname }) => [user.id, { nickname }])) });
  putPeople(items.map(({ user }) => user));
  return items;
}

export async function loadBlocked() {
  const items = await everyPage((cursor) => api.contacts({ blocked: true, cursor }));
  putPeople(items.map(({ user }) => user));
  return items;
}

function put(id, saved, nickname) {
  const contacts = new Map(store.contacts);
  if (saved) contacts.set(id, { nickname: nickname ?? null });
  else contacts.delete(id);
  set({ contacts });
}

function mark(id, fields) {
  // A person who is not known yet arrives whole, marks included.
  if (store.people.has(id)) putPeople([{ id, ...fields }]);
  else need([id]);
  // Whom I save may decide who sees when I was here, and so what I see.
  watchAgain();
}

export async function saveContact(user, nickname) {
  const contact = await api.saveContact(user.id, nickname);
  put(user.id, true, contact.nickname);
  putPeople([contact.user]);
  watchAgain();
}

export async function removeContact(id) {
  await api.removeContact(id);
  put(id, false);
  mark(id, { is_contact: false });
}

export async function setBlocked(id, blocked) {
  await (blocked ? api.block(id) : api.unblock(id));
  mark(id, { is_blocked: blocked });
}

/** Another device of mine saved, renamed, removed, blocked or unblocked somebody. */
export function contactUpdated({ user_id: id, is_contact: saved, is_blocked: blocked, nickname }) {
  put(id, saved, nickname);
  mark(id, { is_contact: saved, is_blocked: blocked });
}
