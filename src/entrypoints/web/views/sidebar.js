// The left column: who I am, what I can start, and my conversations.

import { loadArchive, loadList, loadMoreOfList } from "../catch-up.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { need } from "../people.js";
import { logOut } from "../session.js";
import { notify } from "../store.js";
import { Avatar } from "./avatar.js";
import { ConnectionBanner, ConnectionState } from "./connection-state.js";
import { ConversationItem } from "./conversation-item.js";
import { ConversationMenu } from "./conversation-menu.js";
import { Icon } from "./icons.js";
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

/** Where what was put away is: an entry above the list, and above what was put away the way back. */
function ArchiveSwitch({ open, entries, onSwitch }) {
  const button = useRef(null);
  const before = useRef(open);
  useEffect(() => {
    if (before.current !== open) button.current?.focus();
    before.current = open;
  }, [open]);
  if (!open && !entries.length) return null;
  const unread = entries.filter((entry) => entry.unread_count > 0).length;
  return html`
    <button type="button" ref=${button} class="archive-switch" data-testid="archive-switch" aria-expanded=${open ? "true" : "false"}
      onClick=${onSwitch}>
      <${Icon} name=${open ? "back" : "archive"} size="18" />
      <span>${t("list.archived")}</span>
      ${!open && unread > 0 && html`
        <span class="badge badge-quiet"><span aria-hidden="true">${unread}</span>
          <span class="visually-hidden">${t("list.unread_conversations", { count: unread })}</span></span>`}
    </button>`;
}

export function Sidebar({ onDialog }) {
  const [inArchive, setInArchive] = useState(false);
  const [menu, setMenu] = useState(null);
  const listed = useStore((store) => store.listed);
  const archived = useStore((store) => store.archived);
  const state = useStore((store) => store.listState);
  const openId = useStore((store) => store.openId);
  const myId = useSession((session) => session.user?.id);
  // Names may arrive after the list; rendering again shows them.
  useStore((store) => store.people);
  const entries = inArchive ? archived : listed;
  const authors = entries.map((entry) => entry.last_message?.sender_id);
  useEffect(() => need(authors), [authors.join()]);
  useEffect(() => { if (inArchive) loadArchive().catch(() => {}); }, [inArchive]);
  const onMenu = (id, anchor) => setMenu({ id, anchor });
  return html`
    <nav class="side" aria-label=${inArchive ? t("list.archived") : t("list.title")}>
      <${Head} onDialog=${onDialog} />
      <${ConnectionBanner} />
      <${ArchiveSwitch} open=${inArchive} entries=${archived} onSwitch=${() => setInArchive(!inArchive)} />
      ${inArchive && entries.length === 0 && html`<p class="list-note">${t("list.archive_empty")}</p>`}
      ${!inArchive && entries.length === 0 && (archived.length === 0 || state !== "ready")
        && html`<${Empty} state=${state} onDialog=${onDialog} />`}
      <ul class="list" data-testid="conversation-list" onKeyDown=${onListKey} onScroll=${inArchive ? null : onListScroll}>
        ${entries.map((entry) => html`
          <${ConversationItem} key=${entry.conversation.id} entry=${entry} myId=${myId} onMenu=${onMenu}
            open=${entry.conversation.id === openId} />`)}
      </ul>
      ${menu && html`<${ConversationMenu} key=${menu.id} ...${menu} onClose=${() => setMenu(null)} />`}
    </nav>`;
}
