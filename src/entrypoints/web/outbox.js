// Messages on their way out. Each keeps its client_message_id from the first try to the last, so that a retry
// after a lost answer can never post it twice. Within a conversation one goes after the other, in order.

import { api } from "./api.js";
import { command } from "./connection.js";
import { backoff } from "./lib/backoff.js";
import { uuid } from "./lib/ids.js";
import { brief, previewOf } from "./preview.js";
import { session } from "./session.js";
import { patchEntry, set, store } from "./store.js";
import { arrive } from "./threads.js";

const busy = new Set(); // conversations whose first message is on its way
const waits = new Map(); // conversation id → timer of the next try

const storageKey = () => `sentinal.outbox.${session.user.id}`;

/** Keeps what is unsent over a reload of this tab; other tabs have their own. */
function keep() {
  try {
    if (store.pending.length) sessionStorage.setItem(storageKey(), JSON.stringify(store.pending));
    else sessionStorage.removeItem(storageKey());
  } catch {
    // Full or refused storage: the messages live as long as the page.
  }
}

export function restoreOutbox() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageKey()) ?? "[]");
    set({ pending: kept });
    for (const { conversation_id: id } of kept) pump(id);
  } catch {
    set({ pending: [] });
  }
}

/** On log-out: what was typed must not wait for the next person at this screen. */
export function clearOutbox() {
  for (const timer of waits.values()) clearTimeout(timer);
  waits.clear();
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith("sentinal.outbox.")) sessionStorage.removeItem(key);
    }
  } catch {
    // Nothing was kept then.
  }
}

function change(clientId, fields) {
  set({
    pending: store.pending.map((message) =>
      (message.client_message_id === clientId ? { ...message, ...fields } : message)),
  });
  keep();
}

/** `replyTo` is the message that is answered, or nothing. */
export function sendText(id, content, replyTo) {
  const message = {
    client_message_id: uuid(), conversation_id: id, content, created_at: new Date().toISOString(),
    state: "sending", attempts: 0, problem: null, reply_to: replyTo ? previewOf(replyTo) : null,
  };
  set({ pending: [...store.pending, message] });
  keep();
  pump(id);
}

export function retryMessage(clientId) {
  change(clientId, { state: "sending", attempts: 0, problem: null });
  pump(store.pending.find((message) => message.client_message_id === clientId).conversation_id);
}

export function discardMessage(clientId) {
  set({ pending: store.pending.filter((message) => message.client_message_id !== clientId) });
  keep();
}

/** The connection is back: nobody needs to wait out a pause. */
export function retryAll() {
  for (const id of new Set(store.pending.map((message) => message.conversation_id))) {
    clearTimeout(waits.get(id));
    waits.delete(id);
    pump(id);
  }
}

async function pump(id) {
  if (busy.has(id) || waits.has(id)) return;
  const owner = session.user?.id;
  const message = store.pending.find((one) => one.conversation_id === id && one.state === "sending");
  if (!message || !owner) return;
  busy.add(id);
  try {
    const sent = await deliver(message);
    if (session.user?.id !== owner) return;
    accepted(id, sent);
  } catch (error) {
    if (session.user?.id === owner) refused(id, message, error);
  } finally {
    busy.delete(id);
  }
  pump(id);
}

function deliver({ conversation_id: id, client_message_id: clientId, content, attempts, reply_to: reply }) {
  const body = { client_message_id: clientId, content, ...(reply ? { reply_to_msg_id: reply.id } : {}) };
  const overHttp = () => api.send(id, { type: "TEXT", ...body });
  // A frame that got no answer is repeated over HTTP: a connection that looks up may not be.
  if (attempts > 0 && attempts % 2) return overHttp();
  return command({ type: "message.send", conversation_id: id, message_type: "TEXT", ...body }, overHttp);
}

function accepted(id, message) {
  arrive(id, message);
  // The event may have come before the answer and is then gone from the list already; if not, it goes now.
  discardMessage(message.client_message_id);
  const entry = store.entries.get(id);
  if (!entry || message.seq_id <= (entry.last_message?.seq_id ?? 0)) return;
  patchEntry(id, {
    last_message: brief(message), last_activity_at: message.created_at, unread_count: 0,
    conversation: {
      ...entry.conversation, last_sequence: Math.max(entry.conversation.last_sequence ?? 0, message.seq_id),
    },
  });
}

function refused(id, message, error) {
  const clientId = message.client_message_id;
  // Its own event may have told that it arrived, although the answer was lost.
  if (!store.pending.some((one) => one.client_message_id === clientId)) return;
  const again = error.temporary || error.status === 401;
  if (!again) {
    change(clientId, { state: "failed", problem: { code: error.code, detail: error.detail } });
    return;
  }
  change(clientId, { attempts: message.attempts + 1 });
  const pause = error.retryAfterMs ?? backoff(message.attempts, { base: 800 });
  waits.set(id, setTimeout(() => {
    waits.delete(id);
    pump(id);
  }, pause));
}
