// My own place in a conversation: pinned, put away, silent, cleared. Nobody else sees any of it.

import { api } from "./api.js";
import { compose, patchEntry, putMe, store } from "./store.js";
import { patchThread, thread } from "./threads.js";

const FOR_EVER = "9999-12-31T00:00:00.000Z";

export const MUTES = [
  { name: "hour", seconds: 3600 },
  { name: "eight_hours", seconds: 8 * 3600 },
  { name: "week", seconds: 7 * 86_400 },
  { name: "always", seconds: null },
];

export function until(seconds) {
  return seconds === null ? FOR_EVER : new Date(Date.now() + seconds * 1000).toISOString();
}

export function isMuted(me) {
  return Boolean(me?.muted_until) && Date.parse(me.muted_until) > Date.now();
}

export function isSilenced(member) {
  return Boolean(member?.silenced_until) && Date.parse(member.silenced_until) > Date.now();
}

async function change(id, fields) {
  putMe(id, await api.updateMine(id, fields));
}

export const pin = (id, pinned) => change(id, { pinned });
export const archive = (id, archived) => change(id, { archived });
export const mute = (id, seconds) => change(id, { muted_until: until(seconds) });
export const unmute = (id) => change(id, { muted_until: null });

export async function clear(id) {
  const through = store.entries.get(id)?.conversation.last_sequence ?? 0;
  await api.clear(id);
  dropThrough(id, through);
}

/** What I cleared is gone from this screen too, whichever of my devices did it. */
export function dropThrough(id, sequence) {
  const held = thread(id);
  if (held.items.some((message) => message.seq_id <= sequence)) {
    const items = held.items.filter((message) => message.seq_id > sequence);
    // What is on its way belongs to what was: a page of it must not come back.
    patchThread(id, {
      items, hasBefore: items.length > 0 && held.hasBefore, part: held.part + 1, loadingOlder: false, loadingNewer: false,
    });
  }
  const composing = store.composing.get(id);
  if (composing && composing.message.seq_id <= sequence) compose(id, null);
  if ((store.entries.get(id)?.last_message?.seq_id ?? Infinity) <= sequence) {
    patchEntry(id, { last_message: null, unread_count: 0 });
  }
}
