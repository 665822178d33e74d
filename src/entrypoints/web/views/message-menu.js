// What can be done with one message; only what this person may do is offered.

import { deleteForEveryone, deleteForMe, forward, toggleReaction } from "../deeds.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { leads } from "../members.js";
import { compose, notify } from "../store.js";
import { isMine } from "../threads.js";
import { Dialog } from "./dialog.js";
import { ForwardDialog } from "./forward.js";
import { Menu } from "./menu.js";
import { MessageInfo } from "./message-info.js";
import { problemText } from "./problem.js";
import { QUICK, ReactionDialog } from "./reactions.js";

const EDITABLE = new Set(["TEXT", "IMAGE", "VIDEO", "AUDIO", "FILE", "GIF", "STICKER"]);

export const complain = (error) => notify(problemText(error), "problem");

/** In a group administrators delete anybody's message; everybody deletes their own. */
function mayWipe(message, { type, me }) {
  return !message.deleted_at && !me?.left_at && (isMine(message) || (type === "GROUP" && leads(me)));
}

function copy(message) {
  navigator.clipboard?.writeText(message.content).then(() => notify(t("message.copied")), complain);
}

function Lead({ message, onReact, onMore }) {
  return html`
    <div class="menu-reactions" role="group" aria-label=${t("message.react")}>
      ${QUICK.map((code) => {
        const mine = message.reactions?.some((one) => one.reaction_code === code && one.mine);
        return html`
          <button key=${code} type="button" role="menuitemcheckbox" aria-checked=${mine ? "true" : "false"} tabindex="-1"
            class="menu-reaction" data-testid="quick-reaction" aria-label=${t("message.react_with", { code })}
            onClick=${() => onReact(code)}>${code}</button>`;
      })}
      <button type="button" role="menuitem" tabindex="-1" class="menu-reaction" data-testid="other-reaction"
        aria-label=${t("message.react_other")} title=${t("message.react_other")} onClick=${onMore}>+</button>
    </div>`;
}

function DeleteDialog({ message, conversation, onClose }) {
  const [error, setError] = useState(null);
  const run = (deed) => () => deed(message).then(onClose, setError);
  return html`
    <${Dialog} title=${t("message.delete")} onClose=${onClose} testid="delete-dialog">
      <p>${t(mayWipe(message, conversation) ? "message.delete_question" : "message.delete_me_question")}</p>
      <p class="form-problem" role="alert">${error && problemText(error)}</p>
      <footer class="dialog-foot dialog-foot-wrap">
        <button type="button" class="button" onClick=${onClose}>${t("action.cancel")}</button>
        <button type="button" class="button" data-testid="delete-for-me" onClick=${run(deleteForMe)}>
          ${t("message.delete_me")}</button>
        ${mayWipe(message, conversation) && html`
          <button type="button" class="button button-danger" data-testid="delete-for-everyone" onClick=${run(deleteForEveryone)}>
            ${t("message.delete_everyone")}</button>`}
      </footer>
    <//>`;
}

/** `canWrite`: nothing keeps this person from posting here now. The menu first, then what was picked from it. */
export function MessageMenu({ message, anchor, conversation, canWrite, onClose }) {
  const [dialog, setDialog] = useState(null);
  const id = conversation.id;
  const mine = isMine(message);
  const there = !message.deleted_at;
  const present = !conversation.me?.left_at;
  const react = (code) => toggleReaction(message, code).catch(complain);
  if (dialog === "delete") return html`<${DeleteDialog} message=${message} conversation=${conversation} onClose=${onClose} />`;
  if (dialog === "forward") return html`<${ForwardDialog} onForward=${(ids, again) => forward(message, ids, again)} onClose=${onClose} />`;
  if (dialog === "react") return html`<${ReactionDialog} onReact=${(code) => toggleReaction(message, code)} onClose=${onClose} />`;
  if (dialog === "info") return html`<${MessageInfo} message=${message} conversation=${conversation} onClose=${onClose} />`;

  const opens = (name) => () => setDialog(name);
  const items = [
    there && canWrite && { label: t("message.reply"), icon: "reply", testid: "reply", onPick: () => compose(id, { kind: "reply", message }) },
    there && canWrite && mine && EDITABLE.has(message.type) && message.content
      && { label: t("message.edit"), icon: "edit", testid: "edit", onPick: () => compose(id, { kind: "edit", message }) },
    there && { label: t("message.forward"), icon: "forward", testid: "forward", onPick: opens("forward"), stays: true },
    there && message.content && navigator.clipboard && { label: t("message.copy"), icon: "copy", testid: "copy", onPick: () => copy(message) },
    there && (mine || message.reactions?.length > 0)
      && { label: t("message.info"), icon: "info", testid: "info", onPick: opens("info"), stays: true },
    { label: t("message.delete"), icon: "trash", danger: true, testid: "delete", onPick: opens("delete"), stays: true },
  ];
  // Across a block nothing can be said by a reaction either; in a group whoever may not write still reacts.
  const lead = there && present && (conversation.type === "GROUP" || canWrite) && html`
    <${Lead} message=${message} onReact=${(code) => { onClose(); react(code); }} onMore=${opens("react")} />`;
  return html`
    <${Menu} anchor=${anchor} label=${t("message.actions")} items=${items} lead=${lead} testid="message-menu" onClose=${onClose} />`;
}
