// Getting back in step: the list of conversations, and one conversation after events were missed.

import { api } from "./api.js";
import { membersChanged } from "./members.js";
import { brief } from "./preview.js";
import { dropEntry, patchEntry, putConversation, putEntry, putMe, set, store } from "./store.js";
import { hideMessages, isWithin, mergeMessages, thread } from "./threads.js";

const AGAIN_MS = 4000;
const running = new Map(); // conversation id → promise of the catching up that is under way

/** Reads the list again, as far as it was read before. */
export async function loadList() {
  const pages = Math.max(1, Math.ceil(store.entries.size / 100));
  let cursor;
  try {
    for (let page = 0; page < Math.min(pages, 10); page += 1) {
      const answer = await api.conversations(cursor);
      answer.items.forEach(putEntry);
      cursor = answer.next_cursor;
      if (!cursor) break;
    }
    set({ listState: "ready", nextCursor: cursor ?? null });
    tellSystemMessages();
  } catch (error) {
    if (store.listState !== "ready") set({ listState: "failed" });
    throw error;
  }
}

/** Lists say that the system said something, not what. */
export function tellSystemMessages() {
  for (const { last_message: last, conversation: { id } } of store.listed.slice(0, 30)) {
    if (last?.type !== "SYSTEM" || last.metadata) continue;
    api.message(last.id).then((message) => {
      if (store.entries.get(id)?.last_message?.id === message.id) patchEntry(id, { last_message: brief(message) });
    }, () => {});
  }
}

/** What was put away; the list of the others leaves it out. */
export async function loadArchive() {
  let cursor;
  do {
    const answer = await api.conversations(cursor, true);
    answer.items.forEach(putEntry);
    cursor = answer.next_cursor;
  } while (cursor);
}

export async function loadMoreOfList() {
  const cursor = store.nextCursor;
  if (!cursor) return;
  // Taken away first, so that scrolling on does not ask twice.
  set({ nextCursor: null });
  try {
    const answer = await api.conversations(cursor);
    answer.items.forEach(putEntry);
    set({ nextCursor: answer.next_cursor ?? null });
  } catch {
    set({ nextCursor: cursor });
  }
}

/** Fetches a conversation with its newest message: for one that was unknown, or known too little of. */
export async function fetchConversation(id) {
  const conversation = await api.conversation(id);
  const { items } = await api.messages(id, { limit: 1 });
  putConversation(conversation, { lastMessage: items.length ? brief(items.at(-1)) : null });
}

/** Brings one conversation up to date; callers at the same time share one run. */
export function catchUp(id) {
  if (!running.has(id)) {
    running.set(id, step(id).finally(() => running.delete(id)));
  }
  return running.get(id);
}

async function step(id) {
  try {
    if (!thread(id).loaded) {
      await fetchConversation(id);
      const entry = store.entries.get(id);
      patchEntry(id, { synced: Math.max(entry.synced, entry.head) });
    } else {
      await replayChanges(id);
    }
  } catch (error) {
    if (error.code === "conversation_not_found" || error.code === "not_a_participant") dropEntry(id);
    else if (error.temporary) setTimeout(() => store.entries.has(id) && catchUp(id), AGAIN_MS);
    else console.warn("could not catch up", id, error.code);
  }
}

async function replayChanges(id) {
  for (;;) {
    const { synced, conversation } = store.entries.get(id);
    let answer;
    try {
      answer = await api.changes(id, synced, conversation.me?.my_revision ?? 0);
    } catch (error) {
      if (!error.unsupported) throw error;
      return refetchNewest(id);
    }
    if (!store.entries.has(id)) return undefined;
    // Changes to messages outside the loaded part arrive with that part, when somebody scrolls there.
    mergeMessages(id, answer.messages.filter((message) => isWithin(id, message.seq_id)));
    if (answer.me) putMe(id, answer.me);
    if (answer.hidden?.length) hideMessages(id, answer.hidden);
    if (answer.members_changed) membersChanged(id);
    if (answer.conversation) putConversation(answer.conversation);
    patchEntry(id, {
      synced: Math.max(synced, answer.revision), head: Math.max(store.entries.get(id).head, answer.revision),
    });
    if (!answer.has_more) break;
  }
  // How much is unread, how far the others have read, and my role: changes do not count those.
  await fetchConversation(id);
  showLast(id);
  return undefined;
}

/** The poorer way, for a server that keeps no changes: what came after the last message that is loaded. */
async function refetchNewest(id) {
  // Read before the messages, so that the revision claims no more than what was fetched after it.
  const conversation = await api.conversation(id);
  for (;;) {
    const last = thread(id).items.at(-1)?.seq_id ?? 0;
    const answer = await api.messages(id, { after: last, limit: 100 });
    mergeMessages(id, answer.items);
    if (!answer.has_after || !answer.items.length) break;
  }
  putConversation(conversation);
  showLast(id);
  patchEntry(id, { synced: Math.max(store.entries.get(id).synced, conversation.revision) });
}

function showLast(id) {
  const entry = store.entries.get(id);
  const last = thread(id).items.at(-1);
  if (!entry || !last || thread(id).hasAfter || last.seq_id < (entry.last_message?.seq_id ?? 0)) return;
  patchEntry(id, { last_message: brief(last), last_activity_at: last.created_at });
}
