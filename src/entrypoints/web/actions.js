// What a person does with conversations: open one, scroll back, start a new one.

import { api } from "./api.js";
import { fetchConversation } from "./catch-up.js";
import { nameOfUser, need } from "./people.js";
import { patchEntry, putConversation, putPeople, set, store } from "./store.js";
import { mergeMessages, patchThread, thread } from "./threads.js";

const PREFIX = "#/c/";

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

export async function loadNewest(id) {
  if (thread(id).loading) return;
  patchThread(id, { loading: true, failed: false });
  try {
    if (!store.entries.has(id)) await fetchConversation(id);
    const { items, has_before: hasBefore } = await api.messages(id);
    mergeMessages(id, items, { loaded: true, loading: false, hasBefore });
    need(items.map((message) => message.sender_id));
    refresh(id);
  } catch (error) {
    patchThread(id, { loading: false, failed: true });
    if (error.code === "conversation_not_found" && store.openId === id) openConversation(null);
  }
}

export async function loadOlder(id) {
  const { items, hasBefore, loadingOlder } = thread(id);
  if (!hasBefore || loadingOlder || !items.length) return;
  patchThread(id, { loadingOlder: true });
  try {
    const answer = await api.messages(id, { before: items[0].seq_id });
    mergeMessages(id, answer.items, { loadingOlder: false, hasBefore: answer.has_before });
    need(answer.items.map((message) => message.sender_id));
  } catch {
    patchThread(id, { loadingOlder: false });
  }
}

/** What lists leave out for groups: receipts for the ticks, and everybody's name. */
async function refresh(id) {
  const { conversation } = store.entries.get(id) ?? {};
  if (conversation?.type !== "GROUP") return;
  await api.conversation(id).then((fresh) => putConversation(fresh), () => {});
  if (thread(id).namesLoaded) return;
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

export async function startGroup(subject, people) {
  const answer = await api.createGroup(subject, people.map((user) => user.id));
  putPeople(people);
  putConversation(answer.conversation);
  openConversation(answer.conversation.id);
  return (answer.not_added ?? []).map((id) => people.find((user) => user.id === id)).filter(Boolean);
}

/** People I already talk to, to choose from without asking the server. */
export function acquaintances(query, myId) {
  const wanted = query.trim().toLowerCase();
  return store.listed
    .map(({ conversation: { peer } }) => store.people.get(peer?.id) ?? peer)
    .filter((peer) => peer && peer.id !== myId)
    .filter((peer) => [nameOfUser(peer), peer.display_name, peer.username].some((name) => name?.toLowerCase().includes(wanted)));
}
