// The messages of a conversation as rows: days between them, neighbours of one person together, ticks on one's own.

import { language, t } from "../i18n.js";
import { dayLabel, sameDay } from "../lib/time.js";
import { html } from "../lib/ui.js";
import { nameOf } from "../people.js";
import { systemText } from "../preview.js";
import { person } from "../store.js";
import { MessageRow } from "./message.js";

const GROUPING_MS = 5 * 60_000;

function stateOf(message, mine, receipts) {
  if (message.state) return message.state;
  if (!mine) return "received";
  if (receipts && message.seq_id <= receipts.read_up_to) return "read";
  if (receipts && message.seq_id <= receipts.delivered_up_to) return "delivered";
  return "sent";
}

function together(a, b) {
  return a && b && a.type !== "SYSTEM" && b.type !== "SYSTEM" && a.sender_id === b.sender_id
    && Date.parse(b.created_at) - Date.parse(a.created_at) < GROUPING_MS && sameDay(a.created_at, b.created_at);
}

export function rows({ messages, myId, group, receipts, divider, acts }) {
  const newest = messages.findLast((message) => message.id && message.type !== "SYSTEM");
  // Flat, or the keys would count within each little list only and nodes would be made anew on every change above.
  return messages.flatMap((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    const mine = message.sender_id === myId;
    // The same key before and after the answer: what was "sending" turns into "sent" in place.
    const key = mine && message.client_message_id ? message.client_message_id : message.id;
    const parts = [];
    if (!before || !sameDay(before.created_at, message.created_at)) {
      parts.push(html`<li key=${`day-${key}`} class="day"><span>${dayLabel(message.created_at)}</span></li>`);
    }
    if (message.id && message.id === divider) {
      parts.push(html`<li key="divider" class="divider"><span>${t("thread.new_messages")}</span></li>`);
    }
    if (message.type === "SYSTEM") {
      parts.push(html`
        <li key=${key} class="system" data-testid="message" data-id=${message.id} data-seq=${message.seq_id}
          data-state="system" data-key=${message.id}><span dir="auto">${systemText(message)}</span></li>`);
      return parts;
    }
    const sender = person(message.sender_id);
    parts.push(html`
      <${MessageRow} key=${key} message=${message} state=${stateOf(message, mine, receipts)} mine=${mine} group=${group}
        first=${!together(before, message) || message.id === divider}
        last=${!together(message, after) || after.id === divider}
        sender=${nameOf(message.sender_id)} avatarUrl=${sender?.avatar_url} newest=${message === newest}
        answered=${message.reply_to && nameOf(message.reply_to.sender_id)} language=${language()} ...${acts} />`);
    return parts;
  });
}
