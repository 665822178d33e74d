// One message: whose it is, what it says, and how far it got.

import { t } from "../i18n.js";
import { fullTime, timeOfDay } from "../lib/time.js";
import { Component, html } from "../lib/ui.js";
import { discardMessage, retryMessage } from "../outbox.js";
import { nameOf } from "../people.js";
import { previewText } from "../preview.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icons.js";
import { problemText } from "./problem.js";
import { Reactions } from "./reactions.js";

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** Text with its web addresses as links. Pieces become text nodes: nothing that is written here is markup. */
function linked(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    pieces.push(text.slice(end, match.index));
    pieces.push(html`<a href=${match[0]} target="_blank" rel="noopener noreferrer nofollow">${match[0]}</a>`);
    end = match.index + match[0].length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

const TICKS = { sending: "clock", failed: "alert", sent: "check", delivered: "checks", read: "checks" };

function Ticks({ state }) {
  if (!TICKS[state]) return null;
  const label = t(`state.${state}`);
  return html`
    <span class=${`ticks ticks-${state}`} title=${label}>
      <${Icon} name=${TICKS[state]} size="16" /><span class="visually-hidden">${label}</span>
    </span>`;
}

/** What is answered; a press goes there. */
function Reply({ reply, onJump }) {
  return html`
    <blockquote class="reply">
      <span class="reply-author" dir="auto">${nameOf(reply.sender_id)}</span>
      <span class=${reply.deleted ? "reply-text text-quiet" : "reply-text"} dir="auto">${previewText(reply)}</span>
      <button type="button" class="reply-jump" data-testid="jump" onClick=${() => onJump(reply.id)}
        aria-label=${t("message.jump", { name: nameOf(reply.sender_id) })}></button>
    </blockquote>`;
}

function Attachments({ items }) {
  return html`
    <ul class="files">
      ${items.map((file) => html`
        <li key=${file.id} class="file"><${Icon} name="file" size="18" /> <span dir="auto">${file.filename}</span></li>`)}
    </ul>`;
}

function Content({ message }) {
  if (message.deleted_at) return html`<p class="text text-quiet">${t("message.deleted")}</p>`;
  if (message.content) return html`<p class="text" dir="auto">${linked(message.content)}</p>`;
  if (message.type !== "TEXT" && !message.attachments?.length) {
    return html`<p class="text text-quiet">${t(`type.${message.type}`)}</p>`;
  }
  return null;
}

function Failure({ message }) {
  const id = message.client_message_id;
  return html`
    <div class="failure" role="alert">
      <span>${problemText(message.problem ?? {})}</span>
      <button type="button" class="link" data-testid="retry" onClick=${() => retryMessage(id)}>${t("action.retry")}</button>
      <button type="button" class="link" data-testid="discard" onClick=${() => discardMessage(id)}>
        ${t("action.discard")}</button>
    </div>`;
}

/** Props are compared one by one: a long thread renders again on every keystroke of the other side otherwise. */
export class MessageRow extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((name) => next[name] !== this.props[name]);
  }

  render({ message, state, mine, first, last, group, sender, avatarUrl, newest, onMenu, onJump, onReact }) {
    const classes = ["message", mine ? "mine" : "theirs", first && "first", last && "last"].filter(Boolean).join(" ");
    const author = mine ? t("person.you") : sender;
    const open = (event) => onMenu(message, event.currentTarget);
    return html`
      <li class=${classes} data-testid="message" data-id=${message.id} data-seq=${message.seq_id} data-state=${state}
        data-key=${message.id ?? message.client_message_id}>
        ${group && !mine && html`
          <span class="message-face">
            ${last && html`<${Avatar} id=${message.sender_id} name=${sender} url=${avatarUrl} small />`}
          </span>`}
        <div class="message-body">
          <div class=${message.deleted_at ? "bubble bubble-gone" : "bubble"}>
            ${group && !mine && first
              ? html`<span class="sender" dir="auto">${sender}</span>`
              : html`<span class="visually-hidden">${author}: </span>`}
            ${message.is_forwarded && !message.deleted_at && html`
              <span class="forwarded"><${Icon} name="forward" size="14" /> ${t("message.forwarded")}</span>`}
            ${message.reply_to && html`<${Reply} reply=${message.reply_to} onJump=${onJump} />`}
            ${message.attachments?.length > 0 && html`<${Attachments} items=${message.attachments} />`}
            <${Content} message=${message} />
            <span class="meta">
              ${message.edited_at && !message.deleted_at && html`<span data-testid="edited">${t("message.edited")}</span>`}
              <time datetime=${message.created_at} title=${fullTime(message.created_at)}>${timeOfDay(message.created_at)}</time>
              ${mine && !message.deleted_at && html`<${Ticks} state=${state} />`}
            </span>
          </div>
          ${message.reactions?.length > 0 && html`
            <${Reactions} items=${message.reactions} onToggle=${(code) => onReact(message, code)} />`}
          ${state === "failed" && html`<${Failure} message=${message} />`}
        </div>
        ${message.id && html`
          <button type="button" class="message-more icon-button" data-testid="message-more" aria-haspopup="menu"
            tabindex=${newest ? "0" : "-1"} aria-label=${t("message.actions_of", { name: author })} title=${t("message.actions")}
            onClick=${open}><${Icon} name="more" size="18" /></button>`}
      </li>`;
  }
}
