// The left column: who I am, what I can start, and my conversations.

import { openConversation } from "../actions.js";
import { loadList, loadMoreOfList } from "../catch-up.js";
import { t } from "../i18n.js";
import { fullTime, listLabel } from "../lib/time.js";
import { html, useEffect } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { need, shortNameOf, titleOf } from "../people.js";
import { previewText } from "../preview.js";
import { logOut } from "../session.js";
import { notify } from "../store.js";
import { Avatar } from "./avatar.js";
import { ConnectionBanner, ConnectionState } from "./connection-state.js";
import { Icon } from "./icons.js";
import { PresenceDot } from "./presence.js";
import { problemText } from "./problem.js";

function IconButton({ icon, label, testid, onClick }) {
  return html`
    <button type="button" class="icon-button" aria-label=${label} title=${label} data-testid=${testid}
      onClick=${onClick}><${Icon} name=${icon} /></button>`;
}

function leave() {
  logOut().catch((error) => notify(problemText(error), "problem"));
}

function Head({ onDialog }) {
  const me = useSession((session) => session.user);
  return html`
    <header class="side-head">
      <button type="button" class="me" data-testid="profile" aria-label=${t("account.title")}
        title=${t("account.title")} onClick=${() => onDialog("account")}>
        <${Avatar} id=${me.id} name=${me.display_name} url=${me.avatar_url} />
        <span class="me-name" dir="auto">${me.display_name}</span>
      </button>
      <${ConnectionState} />
      <div class="side-actions">
        <${IconButton} icon="compose" label=${t("direct.new")} testid="new-direct" onClick=${() => onDialog("direct")} />
        <${IconButton} icon="contacts" label=${t("contacts.title")} testid="contacts" onClick=${() => onDialog("contacts")} />
        <${IconButton} icon="group" label=${t("group.new")} testid="new-group" onClick=${() => onDialog("group")} />
        <${IconButton} icon="logout" label=${t("session.log_out")} testid="logout" onClick=${leave} />
      </div>
    </header>`;
}

function Preview({ entry, myId }) {
  const message = entry.last_message;
  const group = entry.conversation.type === "GROUP";
  if (!message) return html`<span class="item-preview item-quiet">${t("list.no_messages")}</span>`;
  const text = previewText(message);
  const mine = message.sender_id === myId;
  const author = message.type === "SYSTEM" ? "" : mine ? t("person.you") : group ? shortNameOf(message.sender_id) : "";
  return html`
    <span class="item-preview" dir="auto">
      ${author && html`<span class="item-author">${author}: </span>`}
      <span class=${message.deleted ? "item-quiet" : ""}>${text}</span>
    </span>`;
}

function Item({ entry, open, myId }) {
  const { conversation, unread_count: unread } = entry;
  const title = titleOf(conversation, myId);
  const saved = conversation.type === "DM" && conversation.peer?.id === myId;
  const group = conversation.type === "GROUP";
  const face = group ? conversation : conversation.peer;
  return html`
    <li>
      <button type="button" class="item" data-testid="conversation-item" data-id=${conversation.id}
        data-unread=${unread} aria-current=${open ? "true" : null} onClick=${() => openConversation(conversation.id)}>
        <${Avatar} id=${face?.id ?? conversation.id} name=${title} url=${face?.avatar_url}
          icon=${saved ? "bookmark" : group && !conversation.subject ? "group" : null} />
        ${!saved && !group && html`<${PresenceDot} id=${face?.id} />`}
        <span class="item-title" dir="auto">${title}</span>
        <time class="item-time" datetime=${entry.last_activity_at} title=${fullTime(entry.last_activity_at)}>
          ${listLabel(entry.last_activity_at)}</time>
        <${Preview} entry=${entry} myId=${myId} />
        ${unread > 0 && html`
          <span class="badge" data-testid="unread">
            <span aria-hidden="true">${unread > 99 ? "99+" : unread}</span>
            <span class="visually-hidden">${t("list.unread", { count: unread })}</span>
          </span>`}
      </button>
    </li>`;
}

/** Arrow keys move through the list, so that Tab does not have to pass every conversation. */
function onListKey(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  const items = [...event.currentTarget.querySelectorAll(".item")];
  const at = items.indexOf(document.activeElement);
  const next = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : at + (steps[event.key] ?? NaN);
  if (at < 0 || !items[next]) return;
  event.preventDefault();
  items[next].focus();
}

function onListScroll({ currentTarget: list }) {
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 300) loadMoreOfList();
}

function Empty({ state, onDialog }) {
  if (state === "loading") return html`<p class="list-note" role="status">${t("list.loading")}</p>`;
  if (state === "failed") {
    return html`
      <div class="list-note">
        <p>${t("list.failed")}</p>
        <button type="button" class="button" onClick=${() => loadList().catch(() => {})}>${t("action.retry")}</button>
      </div>`;
  }
  return html`
    <div class="list-note">
      <p>${t("list.empty")}</p>
      <button type="button" class="button button-primary" onClick=${() => onDialog("direct")}>${t("direct.new")}</button>
    </div>`;
}

export function Sidebar({ onDialog }) {
  const entries = useStore((store) => store.listed);
  const state = useStore((store) => store.listState);
  const openId = useStore((store) => store.openId);
  const myId = useSession((session) => session.user?.id);
  // Names may arrive after the list; rendering again shows them.
  useStore((store) => store.people);
  const authors = entries.map((entry) => entry.last_message?.sender_id);
  useEffect(() => need(authors), [authors.join()]);
  return html`
    <nav class="side" aria-label=${t("list.title")}>
      <${Head} onDialog=${onDialog} />
      <${ConnectionBanner} />
      ${entries.length === 0 && html`<${Empty} state=${state} onDialog=${onDialog} />`}
      <ul class="list" data-testid="conversation-list" onKeyDown=${onListKey} onScroll=${onListScroll}>
        ${entries.map((entry) => html`
          <${Item} key=${entry.conversation.id} entry=${entry} myId=${myId} open=${entry.conversation.id === openId} />`)}
      </ul>
    </nav>`;
}
