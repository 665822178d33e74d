// Who of the people on screen is here, and when the others were. The server says it only of those who let me see.

import { api } from "./api.js";
import { command, socket } from "./connection.js";
import { session } from "./session.js";
import { set, store } from "./store.js";

const AT_MOST = 200;
const HTTP_AT_MOST = 100;
const PAUSE_MS = 300;
const AGAIN_MS = 5000;

let watched = "";
let timer = 0;
let stopFollowing = null;
let seen = { listed: null, openId: null };

function peers() {
  const open = store.entries.get(store.openId);
  const ids = [open, ...store.listed].map((entry) => entry?.conversation.peer?.id);
  const others = new Set(ids.filter((id) => id && id !== session.user?.id));
  return [...others].slice(0, AT_MOST);
}

async function watch() {
  timer = 0;
  const ids = peers();
  // The order of the list changes with every message; whom it shows does not.
  const wanted = [...ids].sort().join();
  if (wanted === watched || !socket.online) return;
  watched = wanted;
  try {
    const overHttp = () => (ids.length ? api.presence(ids.slice(0, HTTP_AT_MOST)) : { items: [] });
    const { items } = await command({ type: "presence.watch", user_ids: ids }, overHttp);
    set({ presence: new Map(items.map(({ user_id: id, ...presence }) => [id, presence])) });
  } catch (error) {
    // Not worth a word on the screen. A server that is busy still holds by the last list.
    if (!error.temporary) set({ presence: new Map() });
    else {
      watched = "";
      if (socket.online) timer ||= setTimeout(watch, AGAIN_MS);
    }
  }
}

function soon() {
  if (seen.listed === store.listed && seen.openId === store.openId) return;
  seen = { listed: store.listed, openId: store.openId };
  if (!timer) timer = setTimeout(watch, PAUSE_MS);
}

export function followPresence() {
  stopFollowing ??= store.subscribe(soon);
}

export function forgetPresence() {
  stopFollowing?.();
  stopFollowing = null;
  clearTimeout(timer);
  timer = 0;
  watched = "";
  seen = { listed: null, openId: null };
}

/** A new connection watches nobody yet; and who may be seen has changed when privacy or contacts did. */
export function watchAgain() {
  watched = "";
  if (!timer) timer = setTimeout(watch, PAUSE_MS);
}

export function presenceChanged({ user_id: id, ...presence }) {
  set({ presence: new Map(store.presence).set(id, presence) });
}

/** What is known of somebody now; nothing while this page itself hears nothing, or they do not let it be seen. */
export function presenceOf(id) {
  if (store.connection.status === "offline") return null;
  return store.presence.get(id) ?? null;
}
