// What a person does with conversations: open one, scroll back, start a new one.

import { api } from "./api.js";
import { fetchConversation } from "./catch-up.js";
import { nameOfUser, need } from "./people.js";
import { patchEntry, putConversation, putPeople, set, store } from "./store.js";
import { mergeMessages, patchThread, replaceMessages, thread } from "./threads.js";

const PREFIX = "#/c/";
const SCREENFUL = 40; // with more unread than this the newest page does not show where it begins

/** Shows a conversation; the address remembers it, so that back, reload and links work. */
export function openConversation(id) {
  const hash = id ? PREFIX + id : "";
  if (location.hash !== hash) history.pushState(null, "", hash || location.pathname);
  show(id);
}

export function followAddress() {
  const id = location.hash.startsWith(PREFIX) ? location.hash.slice(PREFIX.length) : null;
  if (id !== store.openId) show(id);
}

function show(id) {
  set({ openId: id });
  if (id && !thread(id).loaded) loadNewest(id);
  else if (id) refresh(id);
}

/** The newest messages, or where the unread ones begin when that is further up. */
export async function loadNewest(id, { end = false } = {}) {
  if (thread(id).loading) return;
  patchThread(id, { loading: true, failed: false });
  try {
    if (!store.entries.has(id)) await fetchConversation(id);
    const { unread_count: unread, conversation: { me } } = store.entries.get(id);
    const place = !end && unread > SCREENFUL && me?.last_read_sequence ? { around: me.last_read_sequence } : {};
    put(id, await api.messages(id, place), { loaded: true, loading: false });
    refresh(id);
  } catch (error) {
    patchThread(id, { loading: false, failed: true });
    if (error.code === "conversation_not_found" && store.openId === id) openConversation(null);
  }
}

/** Shows a page of history; with a hole between it and what is loaded, instead of that. */
function put(id, { items, has_before: hasBefore, has_after: hasAfter }, fields = {}) {
  const held = thread(id).items;
  const apart = held.length && items.length
    && (items[0].seq_id > held.at(-1).seq_id + 1 || items.at(-1).seq_id < held[0].seq_id - 1);
  if (apart || (hasAfter && !thread(id).loaded)) replaceMessages(id, items, { ...fields, hasBefore, hasAfter });
  else {
    const first = !held.length || (items[0]?.seq_id ?? Infinity) <= held[0].seq_id;
    const last = !held.length || (items.at(-1)?.seq_id ?? 0) >= held.at(-1).seq_id;
    mergeMessages(id, items, {
      ...fields, hasBefore: first ? hasBefore : thread(id).hasBefore, hasAfter: last ? hasAfter : thread(id).hasAfter,
    });
  }
  need(items.map((message) => message.sender_id));
}

export const loadNewer = (id) => extend(id, "loadingNewer", "hasAfter", ({ items }) => ({ after: items.at(-1).seq_id }));
export const loadOlder = (id) => extend(id, "loadingOlder", "hasBefore", ({ items }) => ({ before: items[0].seq_id }));

/** Loads on at one end of what is loaded, unless something else is shown by the time the answer comes. */
async function extend(id, busy, more, place) {
  const held = thread(id);
  if (!held[more] || held[busy] || !held.items.length) return;
  patchThread(id, { [busy]: true });
  const end = more === "hasAfter" ? -1 : 0;
  const elsewhere = () => thread(id).part !== held.part;
  try {
    const answer = await api.messages(id, place(held));
    if (elsewhere()) return;
    // Where the end has moved meanwhile, whatever moved it knows whether there is more.
    const moved = thread(id).items.at(end)?.id !== held.items.at(end).id;
    const left = more === "hasAfter" ? answer.has_after : answer.has_before;
    mergeMessages(id, answer.items, { [busy]: false, [more]: moved ? thread(id)[more] : left });
    need(answer.items.map((message) => message.sender_id));
  } catch {
    if (!elsewhere()) patchThread(id, { [busy]: false });
  }
}

/** Goes to a message, wherever in the conversation it is. */
export async function jumpTo(id, messageId) {
  if (!thread(id).items.some((message) => message.id === messageId)) {
    const { seq_id: sequence } = await api.message(messageId);
    put(id, await api.messages(id, { around: sequence }));
  }
  set({ jump: { id, messageId } });
}

/** What lists leave out or what has no revision: receipts for the ticks, and everybody's name in a group. */
async function refresh(id) {
  await api.conversation(id).then((fresh) => putConversation(fresh), () => {});
  if (store.entries.get(id)?.conversation.type !== "GROUP" || thread(id).namesLoaded) return;
  patchThread(id, { namesLoaded: true });
  await api.members(id).then(({ items }) => putPeople(items.map((member) => member.user)), () => {});
}

export async function startDirect(user) {
  const conversation = await api.openDirect(user.id);
  putPeople([user]);
  // A new conversation's answer may leave out who the other side is: it is who was asked for.
  if (!conversation.peer) conversation.peer = user;
  putConversation(conversation);
  openConversation(conversation.id);
}

export async function startGroup(fields, people) {
  const answer = await api.createGroup({ ...fields, member_ids: people.map((user) => user.id) });
  putPeople(people);
  putConversation(answer.conversation);
  openConversation(answer.conversation.id);
  return (answer.not_added ?? []).map((id) => people.find((user) => user.id === id)).filter(Boolean);
}

/** People I already talk to or have saved, to choose from without asking the server. */
export function acquaintances(query, myId) {
  const wanted = query.trim().toLowerCase();
  const peers = store.listed.map(({ conversation: { peer } }) => peer?.id);
  return [...new Set([...peers, ...store.contacts.keys()])]
    .map((id) => store.people.get(id))
    .filter((user) => user && user.id !== myId)
    .filter((user) => [nameOfUser(user), user.display_name, user.username].some((name) => name?.toLowerCase().includes(wanted)));
}
