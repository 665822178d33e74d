// Telling the server how far I have read and received, one step at a time and never backwards.

import { api, offers } from "./api.js";
import { command, framesWork } from "./connection.js";
import { sleep } from "./lib/backoff.js";
import { patchEntry, putMe, store } from "./store.js";

const KINDS = {
  read: { frame: "receipt.read", field: "last_read_sequence", post: api.markRead },
  delivered: { frame: "receipt.delivered", field: "last_delivered_sequence", post: api.markDelivered },
};

const due = { read: new Map(), delivered: new Map() }; // conversation id → sequence
const working = { read: false, delivered: false };

export function forgetReceipts() {
  due.read.clear();
  due.delivered.clear();
}

function note(kind, id, sequence) {
  const me = store.entries.get(id)?.conversation.me;
  if (!me || sequence <= (me[KINDS[kind].field] ?? 0)) return;
  due[kind].set(id, Math.max(sequence, due[kind].get(id) ?? 0));
  work(kind);
}

async function work(kind) {
  if (working[kind]) return;
  working[kind] = true;
  const { frame, post } = KINDS[kind];
  try {
    // A burst of messages ends in one receipt.
    await sleep(kind === "read" ? 30 : 250);
    while (due[kind].size) {
      const [id, sequence] = due[kind].entries().next().value;
      due[kind].delete(id);
      if (!offers(kind) && !framesWork(frame)) continue;
      const body = { type: frame, conversation_id: id, up_to_sequence: sequence };
      const participation = await command(body, () => post(id, sequence)).catch((error) => {
        // A receipt that was lost is made up for by the next one: both cursors say "up to here".
        if (error.temporary) lost(kind, id, sequence);
      });
      if (participation) putMe(id, participation);
      // Receipts share the limits of everything else this person does; messages come first.
      await sleep(60);
    }
  } finally {
    working[kind] = false;
  }
}

function lost(kind, id, sequence) {
  setTimeout(() => note(kind, id, sequence), 5000);
}

/** I have seen everything up to here. */
export function read(id, sequence) {
  const entry = store.entries.get(id);
  if (!entry) return;
  if (entry.unread_count && sequence >= (entry.conversation.last_sequence ?? 0)) patchEntry(id, { unread_count: 0 });
  note("read", id, sequence);
}

/** My device has everything up to here. */
export function delivered(id, sequence) {
  note("delivered", id, sequence);
}

/** After coming back: whatever the list shows has reached this device. */
export function deliverAll() {
  for (const [id, entry] of store.entries) {
    const last = entry.last_message;
    if (last && last.seq_id) delivered(id, last.seq_id);
  }
}
