// What the client knows: conversations, people, the connection. Views subscribe; only the functions here write.
// Objects inside are replaced, never changed, so that "is it the same object" answers "has it changed".

import { session } from "./session.js";

const listeners = new Set();
let scheduled = false;

export const store = {
  connection: { status: "connecting", stopped: null },
  entries: new Map(), // conversation id → ListEntry plus {synced, head}
  listed: [], // the entries to show, in their order
  archived: [], // those that were put away, in theirs
  listState: "loading", // "loading" | "ready" | "failed"
  nextCursor: null,
  threads: new Map(), // conversation id → thread, see threads.js
  pending: [], // messages not yet acknowledged, oldest first, see outbox.js
  members: new Map(), // group id → its Members, once somebody has looked
  composing: new Map(), // conversation id → {kind: "reply" | "edit", message}
  jump: null, // {id, messageId}: where the open conversation is to go
  people: new Map(), // user id → User
  contacts: new Map(), // user id → {nickname} of the people I saved
  presence: new Map(), // user id → {is_online, last_seen_at} as the server last said
  settings: null, // my Settings, once they are known
  openId: null,
  notice: null,
  announcement: null,
  features: 0, // grows when the server turned out to lack something

  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** Tells the views; many changes in one turn make one rendering. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    for (const listener of [...listeners]) listener();
  });
}

export function set(fields) {
  Object.assign(store, fields);
  changed();
}

export function forgetEverything() {
  set({
    entries: new Map(), listed: [], listState: "loading", nextCursor: null, threads: new Map(), pending: [],
    archived: [], members: new Map(), composing: new Map(), jump: null,
    people: new Map(), contacts: new Map(), presence: new Map(), settings: null, openId: null, notice: null, announcement: null,
  });
}

let notices = 0;

/** A short message at the edge of the screen; it goes away by itself. */
export function notify(text, tone = "info") {
  const notice = { id: (notices += 1), text, tone };
  set({ notice });
  setTimeout(() => {
    if (store.notice === notice) set({ notice: null });
  }, 6000);
}

// Conversations ------------------------------------------------------------------------------------------------

function byPinThenActivity(a, b) {
  const pinA = a.conversation.me?.pinned_at ?? "";
  const pinB = b.conversation.me?.pinned_at ?? "";
  if (pinA !== pinB) return pinA < pinB ? 1 : -1;
  if (a.last_activity_at !== b.last_activity_at) return a.last_activity_at < b.last_activity_at ? 1 : -1;
  return a.conversation.id < b.conversation.id ? 1 : -1;
}

function relist() {
  const mine = [...store.entries.values()].filter(({ conversation: { me } }) => !me?.left_at).sort(byPinThenActivity);
  store.listed = mine.filter(({ conversation: { me } }) => !me?.archived);
  store.archived = mine.filter(({ conversation: { me } }) => me?.archived);
  changed();
}

export function patchEntry(id, fields) {
  const entry = store.entries.get(id);
  if (!entry) return;
  store.entries.set(id, { ...entry, ...fields });
  relist();
}

export function dropEntry(id) {
  store.entries.delete(id);
  store.threads.delete(id);
  store.members.delete(id);
  store.composing.delete(id);
  relist();
}

/** Broadcasts leave out what differs from reader to reader; what is known of it stays. */
function mergeConversation(known, incoming) {
  if (!known) return incoming;
  const merged = { ...known, ...incoming };
  // Lists leave out a group's receipts too.
  for (const field of ["me", "peer", "receipts"]) merged[field] = incoming[field] ?? known[field];
  merged.last_sequence = Math.max(known.last_sequence ?? 0, incoming.last_sequence ?? 0);
  if (known.me && incoming.me && !newerMe(known.me, incoming.me)) merged.me = known.me;
  return merged;
}

function newerMe(known, incoming) {
  return (incoming.my_revision ?? 0) >= (known.my_revision ?? 0);
}

/** Lists leave out what the system said; what is known of it stays. */
function told(incoming, known) {
  return incoming && incoming.id === known?.id && !incoming.metadata ? { ...incoming, metadata: known.metadata } : incoming;
}

/**
 * Takes a snapshot from the server. One that is older than what events have already told (it was on its way
 * when they came) gives neither the last message nor the unread count.
 */
export function putEntry(incoming) {
  const { conversation } = incoming;
  const known = store.entries.get(conversation.id);
  const revision = conversation.revision ?? 0;
  const loaded = store.threads.get(conversation.id)?.loaded;
  if (conversation.peer) putPeople([conversation.peer]);
  if (!known) {
    store.entries.set(conversation.id, { ...incoming, synced: revision, head: revision });
  } else {
    const fresh = revision >= known.head && newerMe(known.conversation.me ?? {}, conversation.me ?? {});
    store.entries.set(conversation.id, {
      conversation: mergeConversation(known.conversation, conversation),
      last_message: fresh ? told(incoming.last_message, known.last_message) : known.last_message,
      unread_count: fresh ? incoming.unread_count : known.unread_count,
      last_activity_at: fresh ? incoming.last_activity_at : known.last_activity_at,
      // Loaded messages are only as fresh as the events that were applied to them, whatever the list says.
      synced: loaded ? known.synced : Math.max(known.synced, revision),
      head: Math.max(known.head, revision),
    });
  }
  relist();
}

/** Takes a Conversation that came without its list entry. */
export function putConversation(conversation, { lastMessage } = {}) {
  const known = store.entries.get(conversation.id);
  putEntry({
    conversation,
    last_message: lastMessage ?? known?.last_message ?? null,
    unread_count: conversation.me?.unread_count ?? known?.unread_count ?? 0,
    last_activity_at: lastMessage?.created_at ?? known?.last_activity_at ?? conversation.created_at,
  });
}

export function putMe(id, participation) {
  const entry = store.entries.get(id);
  if (!entry) return;
  const known = entry.conversation.me;
  if (known && !newerMe(known, participation)) return;
  const me = { ...known, ...participation };
  patchEntry(id, {
    conversation: { ...entry.conversation, me },
    unread_count: participation.unread_count ?? entry.unread_count,
  });
}

/** Where the keyboard writes next in this conversation: an answer to a message, a change of one, or null. */
export function compose(id, composing) {
  const all = new Map(store.composing);
  if (composing) all.set(id, composing);
  else all.delete(id);
  set({ composing: all });
}

// People -------------------------------------------------------------------------------------------------------

export function putPeople(users) {
  const people = new Map(store.people);
  for (const user of users) people.set(user.id, { ...people.get(user.id), ...user });
  set({ people });
}

export function person(id) {
  if (id && id === session.user?.id) return session.user;
  return store.people.get(id) ?? null;
}
