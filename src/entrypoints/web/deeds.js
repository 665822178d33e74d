// What a person does to a message that is there: change it, take it back, react to it, pass it on.

import { api } from "./api.js";
import { fetchConversation } from "./catch-up.js";
import { command } from "./connection.js";
import { uuid } from "./lib/ids.js";
import { brief } from "./preview.js";
import { session } from "./session.js";
import { patchEntry, store } from "./store.js";
import { arrive, buryMessage, hideMessages, mergeMessages, react } from "./threads.js";

function showInList(id, messageId, last) {
  if (store.entries.get(id)?.last_message?.id === messageId) patchEntry(id, { last_message: last });
}

export async function editMessage({ id, conversation_id: place }, content) {
  const edited = await command({ type: "message.edit", message_id: id, content }, () => api.editMessage(id, content));
  mergeMessages(place, [edited]);
  showInList(place, id, brief(edited));
}

export async function deleteForEveryone(message) {
  const { id, conversation_id: place } = message;
  const frame = { type: "message.delete", message_id: id, for: "everyone" };
  await command(frame, () => api.deleteMessage(id, "everyone"));
  buryMessage(place, id, new Date().toISOString());
  showInList(place, id, { ...brief(message), preview: "", deleted: true });
}

export async function deleteForMe({ id, conversation_id: place }) {
  const frame = { type: "message.delete", message_id: id, for: "me" };
  await command(frame, () => api.deleteMessage(id, "me"));
  hideMessages(place, [id]);
  if (store.entries.get(place)?.last_message?.id === id) fetchConversation(place).catch(() => {});
}

/** Shows it at once; what the server refuses is taken back and thrown. */
export async function toggleReaction({ id, conversation_id: place, reactions }, code) {
  const known = (reactions ?? []).find((one) => one.reaction_code === code);
  const adding = !known?.mine;
  const count = (known?.count ?? 0) + (adding ? 1 : -1);
  react(place, { message_id: id, user_id: session.user.id, reaction_code: code, count }, adding);
  const frame = { type: adding ? "reaction.add" : "reaction.remove", message_id: id, reaction_code: code };
  try {
    await command(frame, () => (adding ? api.react(id, code) : api.unreact(id, code)));
  } catch (error) {
    await api.message(id).then((message) => mergeMessages(place, [message]), () => {});
    throw error;
  }
}

/** Sends a message on. `again` is what a failed try left, so that a repeat cannot arrive twice. */
export async function forward({ id }, conversationIds, again) {
  const body = { conversation_ids: conversationIds, client_message_ids: again ?? conversationIds.map(uuid) };
  const { items } = await command({ type: "message.forward", message_id: id, ...body }, () => api.forward(id, body));
  for (const message of items) {
    const place = message.conversation_id;
    arrive(place, message);
    const entry = store.entries.get(place);
    if (!entry || message.seq_id <= (entry.last_message?.seq_id ?? 0)) continue;
    patchEntry(place, {
      last_message: brief(message), last_activity_at: message.created_at, unread_count: 0,
      conversation: {
        ...entry.conversation, last_sequence: Math.max(entry.conversation.last_sequence ?? 0, message.seq_id),
      },
    });
  }
}
