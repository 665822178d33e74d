// What each server event does to the store. Every event may come twice (replay, refetch): none may count twice.

import { alertTo } from "./alerts.js";
import { api } from "./api.js";
import { catchUp, fetchConversation } from "./catch-up.js";
import { contactUpdated } from "./contacts.js";
import { t } from "./i18n.js";
import { memberGone, membersCame, memberUpdated } from "./members.js";
import { nameOf, need, titleOf } from "./people.js";
import { dropThrough, isMuted } from "./places.js";
import { presenceChanged } from "./presence.js";
import { brief, previewText } from "./preview.js";
import { delivered } from "./receipts.js";
import { session } from "./session.js";
import { compose, dropEntry, notify, patchEntry, putConversation, putEntry, putMe, set, store } from "./store.js";
import { arrive, buryMessage, hideMessages, isMine, isWithin, mergeMessages, react, thread } from "./threads.js";

const myId = () => session.user?.id;

function messageCreated(id, message, event, replaying) {
  const entry = store.entries.get(id);
  arrive(id, message);
  need([message.sender_id]);
  if (!isMine(message)) delivered(id, message.seq_id);
  // A repeat: the list has already seen this place in the sequence.
  if (message.seq_id <= (entry.conversation.last_sequence ?? 0)) return;
  patchEntry(id, {
    last_message: brief(message),
    last_activity_at: message.created_at,
    unread_count: unreadAfter(entry, message),
    conversation: { ...entry.conversation, last_sequence: message.seq_id, me: woken(entry.conversation.me) },
  });
  if (!isMine(message) && message.type !== "SYSTEM") {
    const values = { name: nameOf(message.sender_id), text: previewText(message) };
    set({ announcement: { id: message.id, text: t("announce.message", values) } });
    if (!replaying) alertTo(store.entries.get(id).conversation, message, values);
  }
}

/** A message takes a conversation out of the archive, unless it is muted; the server tells nobody of that. */
function woken(me) {
  return me?.archived && !isMuted(me) ? { ...me, archived: false } : me;
}

function unreadAfter(entry, message) {
  // Sending moves one's own read cursor to what was sent.
  if (isMine(message)) return message.type === "SYSTEM" ? entry.unread_count : 0;
  if (message.type === "SYSTEM" || message.deleted_at) return entry.unread_count;
  if (store.people.get(message.sender_id)?.is_blocked) return entry.unread_count;
  if (message.seq_id <= (entry.conversation.me?.last_read_sequence ?? 0)) return entry.unread_count;
  return Math.min(100, entry.unread_count + 1);
}

function messageUpdated(id, message) {
  if (thread(id).loaded && isWithin(id, message.seq_id)) mergeMessages(id, [message]);
  if (store.entries.get(id).last_message?.id === message.id) patchEntry(id, { last_message: brief(message) });
}

/** What is gone can be neither answered nor changed. */
function stopComposing(id, messageId) {
  if (store.composing.get(id)?.message.id === messageId) compose(id, null);
}

function messageDeleted(id, data, event) {
  stopComposing(id, data.message_id);
  buryMessage(id, data.message_id, event.at ?? new Date().toISOString(), event.revision);
  const entry = store.entries.get(id);
  const unread = entry.unread_count;
  if (entry.last_message?.id === data.message_id) {
    patchEntry(id, { last_message: { ...entry.last_message, preview: "", deleted: true } });
  }
  const uncounts = unread > 0 && unread < 100 && data.seq_id > (entry.conversation.me?.last_read_sequence ?? 0);
  if (uncounts) patchEntry(id, { unread_count: unread - 1 });
}

function messageHidden(id, data) {
  stopComposing(id, data.message_id);
  hideMessages(id, [data.message_id]);
  if (store.entries.get(id).last_message?.id === data.message_id) fetchConversation(id).catch(() => {});
}

function conversationUpdated(id, data) {
  const { conversation } = store.entries.get(id);
  // Only what is shared; what is mine comes by participation.updated.
  const { me, peer, receipts, last_sequence: _, ...shared } = data ?? {};
  patchEntry(id, { conversation: { ...conversation, ...shared } });
}

function receiptUpdated(id, data) {
  const { conversation } = store.entries.get(id);
  if (data.user_id === myId()) return;
  if (conversation.type === "DM" || conversation.member_count <= 2) {
    const known = conversation.receipts ?? { delivered_up_to: 0, read_up_to: 0 };
    const receipts = {
      delivered_up_to: Math.max(known.delivered_up_to, data.delivered_up_to ?? 0, data.read_up_to ?? 0),
      read_up_to: Math.max(known.read_up_to, data.read_up_to ?? 0),
    };
    patchEntry(id, { conversation: { ...conversation, receipts } });
  } else if (id === store.openId) {
    // A group's ticks are the lowest cursor of all, which one reader's event does not tell.
    refreshReceipts(id);
  }
}

let receiptTimer = 0;

function refreshReceipts(id) {
  if (receiptTimer) return;
  receiptTimer = setTimeout(async () => {
    receiptTimer = 0;
    await api.conversation(id).then((conversation) => putConversation(conversation), () => {});
  }, 800);
}

function memberRemoved(id, data) {
  if (data.user_id === myId()) left(id);
  else memberGone(id, data.user_id);
}

function participationUpdated(id, data, event) {
  putMe(id, { my_revision: event.my_revision, ...data });
  dropThrough(id, data.cleared_through_sequence ?? 0);
}

/** I am out, or there is nothing left to be in. */
export function left(id) {
  const entry = store.entries.get(id);
  notify(t("notice.left", { title: titleOf(entry.conversation, myId()) }));
  if (store.openId === id) {
    history.replaceState(null, "", location.pathname);
    set({ openId: null });
  }
  dropEntry(id);
}

const EFFECTS = {
  "message.created": messageCreated,
  "message.updated": messageUpdated,
  "message.deleted": messageDeleted,
  "message.hidden": messageHidden,
  "reaction.added": (id, data, event) => react(id, data, true, event.revision),
  "reaction.removed": (id, data, event) => react(id, data, false, event.revision),
  "conversation.updated": conversationUpdated,
  "conversation.deleted": left,
  "receipt.updated": receiptUpdated,
  "participation.updated": participationUpdated,
  "member.added": (id, data) => membersCame(id, data.user_ids ?? []),
  "member.removed": memberRemoved,
  "member.updated": memberUpdated,
};

/** What concerns people and not one conversation. */
const PERSONAL = { "contact.updated": contactUpdated, "presence.changed": presenceChanged };

function conversationCreated({ data }) {
  const { conversation } = data;
  // Broadcasts are the same for everybody; who the peer is and what is mine must then be asked for.
  if (!conversation.me || (conversation.type === "DM" && !conversation.peer)) {
    return fetchConversation(conversation.id).catch(() => {});
  }
  if (data.last_message) need([data.last_message.sender_id]);
  return putEntry(data);
}

/**
 * Applies one event. `replaying` is true between welcome and the end of resume, when live events may overtake
 * missed ones and a gap in the revisions means nothing.
 */
export function applyEvent(event, { replaying }) {
  if (event.type === "conversation.created") return conversationCreated(event);
  if (PERSONAL[event.type]) return PERSONAL[event.type](event.data);
  const effect = EFFECTS[event.type];
  const id = event.conversation_id;
  if (!effect || !id) return undefined;
  const entry = store.entries.get(id);
  if (!entry) {
    const forMe = event.type !== "member.removed" && event.type !== "conversation.deleted";
    return forMe ? fetchConversation(id).catch(() => {}) : undefined;
  }
  const revision = event.revision;
  if (typeof revision === "number") {
    if (revision <= entry.synced && event.type !== "message.created") return undefined;
    if (!replaying && revision > entry.synced + 1) return missed(id, event, effect);
  }
  effect(id, event.data, event, replaying);
  if (typeof revision === "number") advance(id, revision, replaying);
  return undefined;
}

const ahead = new Map(); // conversation id → the highest revision that overtook a missed one
const holes = new Set(); // conversations whose missed events are not replayed but fetched, which may fail

/** What was missed here comes by another way: until it has, later revisions must not count as complete. */
export function notReplayed(id) {
  holes.add(id);
}

function advance(id, revision, replaying) {
  const entry = store.entries.get(id);
  if (!entry) return;
  const next = revision === entry.synced + 1 || !replaying;
  if (!next) ahead.set(id, Math.max(ahead.get(id) ?? 0, revision));
  patchEntry(id, {
    synced: next ? Math.max(entry.synced, revision) : entry.synced, head: Math.max(entry.head, revision),
  });
}

/** The server promises no holes, so this is not expected: show the event, then ask for what lies between. */
function missed(id, event, effect) {
  effect(id, event.data, event);
  return catchUp(id);
}

/** Everything missed has been told: what overtook it is now simply known. */
export function replayed() {
  for (const [id, revision] of ahead) {
    const entry = store.entries.get(id);
    if (entry && !holes.has(id)) patchEntry(id, { synced: Math.max(entry.synced, revision) });
  }
  ahead.clear();
  holes.clear();
}
