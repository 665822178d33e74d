// Starts and stops everything that keeps this page in step with the server, from log-in to log-out.

import { api } from "./api.js";
import { catchUp, loadList } from "./catch-up.js";
import { connectTo, socket } from "./connection.js";
import { loadContacts } from "./contacts.js";
import { applyEvent, notReplayed, replayed } from "./events.js";
import { clearOutbox, restoreOutbox, retryAll } from "./outbox.js";
import { forgetPeople, need } from "./people.js";
import { loadSettings } from "./preferences.js";
import { followPresence, forgetPresence, watchAgain } from "./presence.js";
import { deliverAll, forgetReceipts } from "./receipts.js";
import { session, updateUser } from "./session.js";
import { forgetEverything, set, store } from "./store.js";
import { mergeMessages, sweepExpired, thread } from "./threads.js";

const RESUME_LIMIT = 1000;
const POLL_MS = 15_000;

let running = false;
let replaying = false;
let welcomes = 0;
let epoch = null;
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
    else await resumeKnown();
  } finally {
    if (!stale()) {
      replaying = false;
      replayed();
    }
  }
  // What resume does not replay: conversations joined meanwhile and my own read, pin and archive marks.
  if (!stale() && (returning || store.listState !== "ready")) await loadList().catch(() => {});
  // Nicknames and settings are not replayed either.
  if (!stale() && returning) await Promise.all([loadContacts(), loadSettings()]).catch(() => {});
  if (!stale()) deliverAll();
}

async function resumeKnown() {
  const known = [...store.entries].map(([id, entry]) => [id, entry.synced]);
  try {
    for (let start = 0; start < known.length; start += RESUME_LIMIT) {
      await socket.resume(epoch, Object.fromEntries(known.slice(start, start + RESUME_LIMIT)));
    }
  } catch {
    // A server that cannot replay: fetch what is on the screen or was; the rest comes with the list.
    known.forEach(([id]) => notReplayed(id));
    await Promise.all([...store.threads.keys()].filter((id) => thread(id).loaded).map(catchUp));
  }
}

/** The database went back in time: revisions that are known may mean something else now. */
async function startOver() {
  set({ entries: new Map(), listed: [], threads: new Map(), listState: "loading" });
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

function nudge() {
  if (document.visibilityState === "visible") socket.nudge();
}

export function start() {
  if (running) return;
  running = true;
  welcomes = 0;
  epoch = null;
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
  timers = [setInterval(poll, POLL_MS), setInterval(sweepExpired, 5000)];
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
