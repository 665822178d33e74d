// Who received and read a message of mine, and who reacted to it how.

import { api } from "../api.js";
import { t } from "../i18n.js";
import { dayAndTime } from "../lib/time.js";
import { html, useEffect, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { nameOf, nameOfUser, need } from "../people.js";
import { person, putPeople } from "../store.js";
import { isMine } from "../threads.js";
import { Avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { problemText } from "./problem.js";

const PAGES = 5;

async function pages(fetchPage) {
  const items = [];
  let cursor;
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await fetchPage(cursor);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  return items;
}

async function fetched(message) {
  const receipts = isMine(message) ? await pages((cursor) => api.receipts(message.id, cursor)) : [];
  const reactions = message.reactions?.length ? await pages((cursor) => api.reactions(message.id, cursor)) : [];
  need(receipts.map((one) => one.user_id));
  putPeople(reactions.map((one) => one.user));
  return { receipts, reactions };
}

function Row({ id, name, detail, mark }) {
  return html`
    <li class="person person-still">
      <${Avatar} id=${id} name=${name} url=${person(id)?.avatar_url} />
      <span class="person-name" dir="auto">${name}</span>
      <span class="person-handle">${detail}</span>
      ${mark && html`<span class="person-mark">${mark}</span>`}
    </li>`;
}

export function MessageInfo({ message, onClose }) {
  useStore((store) => store.people);
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => { fetched(message).then(setFound, setError); }, [message.id]);
  const states = { READ: "state.read", DELIVERED: "state.delivered", SENT: "state.sent" };
  return html`
    <${Dialog} title=${t("message.info")} onClose=${onClose} testid="info-dialog">
      ${error && html`<p class="form-problem" role="alert">${problemText(error)}</p>`}
      ${!found && !error && html`<p class="field-note" role="status">${t("thread.loading")}</p>`}
      ${found?.receipts.length > 0 && html`
        <h3 class="dialog-part">${t("message.receipts")}</h3>
        <ul class="people people-plain">
          ${found.receipts.map((one) => html`
            <${Row} key=${one.user_id} id=${one.user_id} name=${nameOf(one.user_id)}
              detail=${one.read_at || one.delivered_at ? `${t(states[one.status])} · ${dayAndTime(one.read_at ?? one.delivered_at)}` : t("state.sent")} />`)}
        </ul>`}
      ${found?.reactions.length > 0 && html`
        <h3 class="dialog-part">${t("message.reactions")}</h3>
        <ul class="people people-plain">
          ${found.reactions.map((one) => html`
            <${Row} key=${one.user.id + one.reaction_code} id=${one.user.id} name=${nameOfUser(one.user)}
              detail=${dayAndTime(one.created_at)} mark=${one.reaction_code} />`)}
        </ul>`}
      ${found && !found.receipts.length && !found.reactions.length && html`<p class="field-note">${t("message.info_none")}</p>`}
    <//>`;
}
