// Starts and stops everything that keeps this page in step with the server, from log-in to log-out.

import { api } from "./api.js";
import { catchUp, fetchConversation, loadList, tellSystemMessages } from "./catch-up.js";
import { connectTo, socket } from "./connection.js";
import { loadContacts } from "./contacts.js";
import { applyEvent, left, notReplayed, replayed } from "./events.js";
import { clearOutbox, restoreOutbox, retryAll } from "./outbox.js";
import { forgetPeople, need } from "./people.js";
import { loadSettings } from "./preferences.js";
import { followPresence, forgetPresence, watchAgain } from "./presence.js";
import { deliverAll, forgetReceipts } from "./receipts.js";
import { session, updateUser } from "./session.js";
import { forgetEverything, putEntry, set, store } from "./store.js";
import { mergeMessages, sweepExpired, thread } from "./threads.js";

const ASK_LIMIT = 1000;
const AT_ONCE = 4;
const POLL_MS = 15_000;

let running = false;
let replaying = false;
let welcomes = 0;
let epoch = null;
let joinedUpTo = null; // the server's mark after the last conversation that this page knows to have come
let firstList = null;
let timers = [];

connectTo({
  onEvent(event) {
    if (event.type !== "reset") return applyEvent(event, { replaying });
    notReplayed(event.conversation_id);
    return catchUp(event.conversation_id);
  },
  onWelcome: welcomed,
});

async function welcomed(frame) {
  const turn = (welcomes += 1);
  const stale = () => turn !== welcomes || !running;
  const goneBack = epoch !== null && frame.epoch !== epoch;
  epoch = frame.epoch ?? null;
  retryAll();
  watchAgain();
  replaying = true;
  const returning = turn > 1;
  try {
    await firstList.catch(() => {});
    if (stale()) return;
    if (goneBack) await startOver();
    else await synchronise(stale);
  } finally {
    if (!stale()) {
      replaying = false;
      replayed();
    }
  }
  if (!stale() && store.listState !== "ready") await loadList().catch(() => {});
  // Receipts, nicknames and settings have no revision.
  if (!stale() && returning && store.openId) await fetchConversation(store.openId).catch(() => {});
  if (!stale() && returning) await Promise.all([loadContacts(), loadSettings()]).catch(() => {});
  if (!stale()) deliverAll();
}

/** Asks which conversations changed, came or went meanwhile, and fetches what changed in those alone. */
async function synchronise(stale) {
  const known = [...store.entries].map(([id, { synced, conversation }]) => [id, [synced, conversation.me?.my_revision ?? 0]]);
  // Live events may overtake what is fetched here: until it is here, their revisions must not count as complete.
  known.forEach(([id]) => notReplayed(id));
  const behind = [];
  try {
    let more = true;
    for (let start = 0; more || start < known.length; start += ASK_LIMIT) {
      const answer = await api.sync(Object.fromEntries(known.slice(start, start + ASK_LIMIT)), joinedUpTo);
      if (stale()) return;
      joinedUpTo = answer.cursor ?? joinedUpTo;
      more = answer.has_more;
      answer.joined.forEach(putEntry);
      behind.push(...answer.changed);
      for (const id of answer.left) if (store.entries.has(id)) left(id);
    }
    await inTurns(behind.filter(isBehind).map((one) => one.conversation_id), catchUp);
    tellSystemMessages();
  } catch {
    // A server that cannot say: fetch what is on the screen or was, and the list.
    await loadList().catch(() => {});
    await Promise.all([...store.threads.keys()].filter((id) => thread(id).loaded).map(catchUp));
  }
}

/** What came whole among the joined ones needs no catching up, unless its messages are loaded. */
function isBehind({ conversation_id: id, revision, my_revision: mine }) {
  const entry = store.entries.get(id);
  return Boolean(entry) && (entry.synced < revision || (entry.conversation.me?.my_revision ?? 0) < mine);
}

/** A few at a time, the one on the screen first. */
async function inTurns(ids, work) {
  const waiting = [...ids].sort((a, b) => (b === store.openId) - (a === store.openId));
  const next = async () => {
    while (waiting.length) await work(waiting.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

/** The database went back in time: revisions that are known may mean something else now. */
async function startOver() {
  joinedUpTo = null;
  set({ entries: new Map(), listed: [], archived: [], threads: new Map(), listState: "loading" });
  await loadList().catch(() => {});
  const open = store.openId;
  if (!open) return;
  const { items, has_before: hasBefore } = await api.messages(open);
  mergeMessages(open, items, { loaded: true, hasBefore });
}

/** While there is no connection (a proxy may refuse WebSockets), looking now and then is better than nothing. */
function poll() {
  if (socket.online || document.visibilityState !== "visible" || navigator.onLine === false) return;
  loadList().then(() => {
    if (store.openId && thread(store.openId).loaded) return catchUp(store.openId);
    return undefined;
  }).catch(() => {});
}

/** What has expired is gone from the list too; what stands there instead only the server knows. */
function sweep() {
  sweepExpired();
  for (const [id, { last_message: last }] of store.entries) {
    if (last?.expires_at && Date.parse(last.expires_at) <= Date.now()) fetchConversation(id).catch(() => {});
  }
}

function nudge() {
  if (document.visibilityState === "visible") socket.nudge();
}

export function start() {
  if (running) return;
  running = true;
  welcomes = 0;
  epoch = null;
  joinedUpTo = null;
  forgetEverything();
  firstList = loadList();
  firstList.catch(() => {});
  firstList.then(() => need([...store.entries.values()].map((entry) => entry.last_message?.sender_id)), () => {});
  restoreOutbox();
  followPresence();
  socket.start();
  // The token's answer may be older than a change made on another device.
  api.me().then(({ content }) => updateUser(content), () => {});
  loadSettings().catch(() => {});
  loadContacts().catch(() => {});
  timers = [setInterval(poll, POLL_MS), setInterval(sweep, 5000)];
  window.addEventListener("online", nudge);
  document.addEventListener("visibilitychange", nudge);
}

export function stop() {
  if (!running) return;
  running = false;
  socket.stop();
  timers.forEach(clearInterval);
  window.removeEventListener("online", nudge);
  document.removeEventListener("visibilitychange", nudge);
  forgetEverything();
  forgetPeople();
  forgetReceipts();
  forgetPresence();
  clearOutbox();
}

export function followSession() {
  const follow = () => (session.status === "in" ? start() : stop());
  session.subscribe(follow);
  follow();
}
