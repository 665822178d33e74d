// The messages of one conversation that are loaded: each exactly once, in sequence order.

import { session } from "./session.js";
import { changed, store } from "./store.js";

const EMPTY = {
  items: [], hasBefore: false, hasAfter: false, loaded: false, loading: false, loadingOlder: false,
  loadingNewer: false, failed: false, part: 0, // counts up when another part of the conversation is shown
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

/** An answer shows what it answers as it is now; the server does not send the answer again for that. */
function answering(items, messages) {
  const told = new Map(messages.map((message) => [message.id, message]));
  if (!items.some(({ reply_to: reply }) => told.has(reply?.id))) return items;
  return items.map((message) => {
    const original = told.get(message.reply_to?.id);
    if (!original) return message;
    const content = [...(original.content ?? "")].slice(0, 140).join("");
    const reply = { ...message.reply_to, content, deleted: Boolean(original.deleted_at) };
    const same = reply.content === (message.reply_to.content ?? "") && reply.deleted === message.reply_to.deleted;
    return same ? message : { ...message, reply_to: reply };
  });
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
  const items = answering([...byId.values()].sort((a, b) => a.seq_id - b.seq_id), messages);
  const arrived = new Set(messages.filter(isMine).map((message) => message.client_message_id));
  if (store.pending.some((message) => arrived.has(message.client_message_id))) {
    store.pending = store.pending.filter((message) => !arrived.has(message.client_message_id));
  }
  patchThread(id, { items, ...fields });
}

/** Shows another part of the conversation than the one that was loaded. */
export function replaceMessages(id, messages, fields) {
  patchThread(id, { items: [], part: thread(id).part + 1, loadingOlder: false, loadingNewer: false });
  mergeMessages(id, messages, fields);
}

/** A new message: shown where the end of the conversation is loaded, or about to be. */
export function arrive(id, message) {
  const held = thread(id);
  if ((held.loaded || held.loading) && !held.hasAfter) mergeMessages(id, [message]);
  else settlePending(message);
}

/** True for a sequence number within the loaded part; one outside would make a hole look like history. */
export function isWithin(id, sequence) {
  const { items, hasBefore, hasAfter } = thread(id);
  return (sequence >= (items[0]?.seq_id ?? 0) || !hasBefore) && (sequence <= (items.at(-1)?.seq_id ?? 0) || !hasAfter);
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
  const message = thread(id).items.find((one) => one.id === messageId);
  if (!message) {
    // Only its answers are loaded.
    patchThread(id, { items: answering(thread(id).items, [{ id: messageId, deleted_at: at }]) });
    return;
  }
  mergeMessages(id, [{
    ...message, content: null, metadata: null, attachments: [], reactions: [], reply_to: null, deleted_at: at,
    revision: Math.max(revision ?? 0, message.revision ?? 0),
  }]);
}

export function react(id, { message_id: messageId, user_id: userId, reaction_code: code, count }, added, revision = 0) {
  changeMessage(id, messageId, (message) => {
    const reactions = message.reactions ?? [];
    const known = reactions.find((reaction) => reaction.reaction_code === code);
    const mine = userId === session.user?.id ? added : known?.mine ?? false;
    const now = { reaction_code: code, count, mine };
    // Each keeps its place, so that none moves away under a finger.
    const all = known ? reactions.map((reaction) => (reaction === known ? now : reaction)) : [...reactions, now];
    return {
      ...message, reactions: all.filter((reaction) => reaction.count > 0),
      revision: Math.max(revision, message.revision ?? 0),
    };
  });
}

/** Messages with a lifetime vanish when it ends, without the server saying so. */
export function sweepExpired() {
  for (const [id, { items }] of store.threads) {
    const gone = items.filter(expired).map((message) => message.id);
    if (gone.length) hideMessages(id, gone);
  }
}
