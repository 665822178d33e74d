// One conversation in the list: with whom, what was said last, what is unread, and how I keep it.

import { openConversation } from "../actions.js";
import { t } from "../i18n.js";
import { fullTime, listLabel } from "../lib/time.js";
import { html } from "../lib/ui.js";
import { shortNameOf, titleOf } from "../people.js";
import { isMuted } from "../places.js";
import { previewText } from "../preview.js";
import { Face, isSaved } from "./face.js";
import { Icon } from "./icons.js";
import { PresenceDot } from "./presence.js";

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

function Mark({ icon, label, testid }) {
  return html`
    <span class="item-mark" data-testid=${testid} title=${label}>
      <${Icon} name=${icon} size="15" /><span class="visually-hidden">${label}</span></span>`;
}

export function ConversationItem({ entry, open, myId, onMenu }) {
  const { conversation, unread_count: unread } = entry;
  const { id, me, peer, type } = conversation;
  const title = titleOf(conversation, myId);
  const muted = isMuted(me);
  const menu = (event) => {
    event.preventDefault();
    // The row gets the focus back, and with it the arrow keys.
    onMenu(id, event.currentTarget.closest("li").querySelector(".item"));
  };
  return html`
    <li class="item-row" onContextMenu=${menu}>
      <button type="button" class="item" data-testid="conversation-item" data-id=${id} data-unread=${unread}
        data-muted=${muted ? "true" : null} aria-current=${open ? "true" : null} onClick=${() => openConversation(id)}>
        <${Face} conversation=${conversation} />
        ${type === "DM" && !isSaved(conversation, myId) && html`<${PresenceDot} id=${peer?.id} />`}
        <span class="item-title" dir="auto">${title}</span>
        <time class="item-time" datetime=${entry.last_activity_at} title=${fullTime(entry.last_activity_at)}>
          ${listLabel(entry.last_activity_at)}</time>
        <${Preview} entry=${entry} myId=${myId} />
        <span class="item-marks">
          ${muted && html`<${Mark} icon="mute" label=${t("place.muted")} testid="muted" />`}
          ${me?.pinned_at && html`<${Mark} icon="pin" label=${t("place.pinned")} testid="pinned" />`}
          ${unread > 0 && html`
            <span class=${muted ? "badge badge-quiet" : "badge"} data-testid="unread">
              <span aria-hidden="true">${unread > 99 ? "99+" : unread}</span>
              <span class="visually-hidden">${t("list.unread", { count: unread })}</span>
            </span>`}
        </span>
      </button>
      <button type="button" class="icon-button item-more" tabindex="-1" data-testid="item-more" aria-haspopup="menu"
        aria-label=${t("place.actions", { title })} title=${t("place.actions", { title })} onClick=${menu}>
        <${Icon} name="more" size="18" /></button>
    </li>`;
}
