// What I can do with a whole conversation, from its row in the list and from its head.

import { t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { titleOf } from "../people.js";
import { archive, clear, isMuted, mute, MUTES, pin, unmute } from "../places.js";
import { notify } from "../store.js";
import { Dialog } from "./dialog.js";
import { Menu } from "./menu.js";
import { problemText } from "./problem.js";

const complain = (error) => notify(problemText(error), "problem");

function ClearDialog({ id, title, onClose }) {
  const [error, setError] = useState(null);
  const run = () => clear(id).then(onClose, setError);
  return html`
    <${Dialog} title=${t("place.clear")} onClose=${onClose} testid="clear-dialog">
      <p>${t("place.clear_question", { title })}</p>
      <p class="form-problem" role="alert">${error && problemText(error)}</p>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${onClose}>${t("action.cancel")}</button>
        <button type="button" class="button button-danger" data-testid="clear-confirm" onClick=${run}>${t("place.clear")}</button>
      </footer>
    <//>`;
}

/** `onAbout` opens who or what the conversation is with, where that is not already the way here. */
export function ConversationMenu({ id, anchor, onAbout, onClose }) {
  const [page, setPage] = useState("first");
  const conversation = useStore((store) => store.entries.get(id)?.conversation);
  const myId = useSession((session) => session.user?.id);
  if (!conversation) return null;
  const { me } = conversation;
  const title = titleOf(conversation, myId);
  if (page === "clear") return html`<${ClearDialog} id=${id} title=${title} onClose=${onClose} />`;
  const run = (deed) => () => deed().catch(complain);
  const muted = isMuted(me);
  const first = [
    onAbout && { label: t(conversation.type === "GROUP" ? "group.about" : "person.title"), icon: "info", testid: "about-item", onPick: onAbout },
    { label: t(me?.pinned_at ? "place.unpin" : "place.pin"), icon: "pin", testid: "pin", onPick: run(() => pin(id, !me?.pinned_at)) },
    muted
      ? { label: t("place.unmute"), icon: "bell", testid: "unmute", onPick: run(() => unmute(id)) }
      : { label: t("place.mute"), icon: "mute", testid: "mute", onPick: () => setPage("mute"), stays: true },
    { label: t(me?.archived ? "place.unarchive" : "place.archive"), icon: "archive", testid: "archive", onPick: run(() => archive(id, !me?.archived)) },
    { label: t("place.clear"), icon: "trash", danger: true, testid: "clear", onPick: () => setPage("clear"), stays: true },
  ];
  const times = MUTES.map(({ name, seconds }) => ({
    label: t(`place.mute_${name}`), icon: "clock", testid: `mute-${name}`, onPick: run(() => mute(id, seconds)),
  }));
  return html`
    <${Menu} anchor=${anchor} name=${page} label=${page === "mute" ? t("place.mute") : t("place.actions", { title })}
      items=${page === "mute" ? times : first} testid="conversation-menu" onClose=${onClose} />`;
}
