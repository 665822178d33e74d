// The messages of one conversation that are loaded: each exactly once, in sequence order.

import { session } from "./session.js";
import { changed, store } from "./store.js";

const EMPTY = {
  items: [], hasBefore: false, loaded: false, loading: false, loadingOlder: false, failed: false,
};

export function thread(id) {
  return store.threads.get(id) ?? EMPTY;
}

export function patchThread(id, fields) {
  store.threads.set(id, { ...thread(id), ...fields });
  changed();
}

export function isMine(message) {
  return message.sender_id === session.user?.id;
}

/** Which of two states of a message to show; broadcasts do not say which reactions are mine. */
function newer(known, incoming) {
  if ((incoming.revision ?? 0) < (known.revision ?? 0)) return known;
  const mine = new Map((known.reactions ?? []).map((reaction) => [reaction.reaction_code, reaction.mine]));
  const reactions = (incoming.reactions ?? []).map((reaction) => ({
    ...reaction, mine: reaction.mine ?? mine.get(reaction.reaction_code) ?? false,
  }));
  return { ...incoming, reactions, deleted_at: incoming.deleted_at ?? known.deleted_at ?? null };
}

function expired(message) {
  return Boolean(message.expires_at) && Date.parse(message.expires_at) <= Date.now();
}

/** Adds or replaces messages. A pending one that has come back from the server is pending no longer. */
export function mergeMessages(id, messages, fields = {}) {
  const current = thread(id);
  const byId = new Map(current.items.map((message) => [message.id, message]));
  for (const message of messages) {
    if (expired(message)) continue;
    const known = byId.get(message.id);
    byId.set(message.id, known ? newer(known, message) : message);
  }
  const items = [...byId.values()].sort((a, b) => a.seq_id - b.seq_id);
  const arrived = new Set(messages.filter(isMine).map((message) => message.client_message_id));
  if (store.pending.some((message) => arrived.has(message.client_message_id))) {
    store.pending = store.pending.filter((message) => !arrived.has(message.client_message_id));
  }
  patchThread(id, { items, ...fields });
}

/** The same for a conversation whose messages are not loaded: only what is pending can be affected. */
export function settlePending(message) {
  if (!isMine(message)) return;
  const left = store.pending.filter((pending) => pending.client_message_id !== message.client_message_id);
  if (left.length === store.pending.length) return;
  store.pending = left;
  changed();
}

export function changeMessage(id, messageId, change) {
  const current = thread(id);
  if (!current.items.some((message) => message.id === messageId)) return;
  patchThread(id, {
    items: current.items.map((message) => (message.id === messageId ? change(message) : message)),
  });
}

export function hideMessages(id, messageIds) {
  const gone = new Set(messageIds);
  const current = thread(id);
  patchThread(id, { items: current.items.filter((message) => !gone.has(message.id)) });
}

/** What was deleted keeps its place and loses its words. */
export function buryMessage(id, messageId, at, revision) {
  changeMessage(id, messageId, (message) => ({
    ...message, content: null, attachments: [], reactions: [], reply_to: null, deleted_at: at,
    revision: Math.max(revision ?? 0, message.revision ?? 0),
  }));
}

export function react(id, { message_id: messageId, user_id: userId, reaction_code: code, count }, added) {
  changeMessage(id, messageId, (message) => {
    const others = (message.reactions ?? []).filter((reaction) => reaction.reaction_code !== code);
    const known = message.reactions?.find((reaction) => reaction.reaction_code === code);
    const mine = userId === session.user?.id ? added : known?.mine ?? false;
    return { ...message, reactions: count > 0 ? [...others, { reaction_code: code, count, mine }] : others };
  });
}

/** Messages with a lifetime vanish when it ends, without the server saying so. */
export function sweepExpired() {
  for (const [id, { items }] of store.threads) {
    const gone = items.filter(expired).map((message) => message.id);
    if (gone.length) hideMessages(id, gone);
  }
}
