// The right column: one conversation, from its title to the composer.

import { openConversation } from "../actions.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { titleOf } from "../people.js";
import { store } from "../store.js";
import { Avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { Icon } from "./icons.js";
import { MessageList } from "./message-list.js";
import { PersonDialog } from "./person.js";
import { usePresence } from "./presence.js";

function subtitle(conversation, myId, presence) {
  if (conversation.type === "GROUP") return t("group.members", { count: conversation.member_count ?? 0 });
  if (conversation.peer?.id === myId) return t("conversation.saved_detail");
  if (presence) return presence;
  return conversation.peer?.username ? `@${conversation.peer.username}` : "";
}

function back() {
  const id = location.hash.split("/").at(-1);
  openConversation(null);
  // The row one came from gets the focus back, so that the keyboard goes on from there.
  requestAnimationFrame(() => document.querySelector(`.item[data-id="${CSS.escape(id)}"]`)?.focus());
}

function blockedBecause({ me, post_policy: policy, type }, peer) {
  if (!me) return null;
  if (type === "DM" && peer?.is_blocked) return t("composer.blocked");
  if (me.left_at) return t("composer.left");
  if (me.silenced_until && Date.parse(me.silenced_until) > Date.now()) return t("composer.silenced");
  if (policy === "ADMINS" && me.role === "MEMBER") return t("composer.admins_only");
  return null;
}

/** The title; in a conversation with one other person it opens who that is. */
function Titles({ title, detail, onOpen }) {
  const words = html`
    <h1 dir="auto" data-testid="thread-title">${title}</h1>
    <p data-testid="thread-detail"><bdi>${detail}</bdi></p>`;
  if (!onOpen) return html`<div class="thread-titles">${words}</div>`;
  return html`
    <div class="thread-titles">
      ${words}
      <button type="button" class="thread-about" aria-label=${t("person.about", { name: title })} data-testid="about"
        onClick=${onOpen}></button>
    </div>`;
}

export function ThreadPane({ id }) {
  const [about, setAbout] = useState(false);
  const conversation = useStore((store) => store.entries.get(id)?.conversation);
  const myId = useSession((session) => session.user?.id);
  const presence = usePresence(conversation?.peer?.id);
  useStore((store) => store.people);
  const title = conversation ? titleOf(conversation, myId) : "";
  const peer = store.people.get(conversation?.peer?.id) ?? conversation?.peer;
  const face = conversation?.type === "GROUP" ? conversation : peer;
  const saved = face?.id === myId;
  const onKeyDown = (event) => {
    // Escape in the dialog about the person closes that and nothing else.
    if (event.key === "Escape" && !event.isComposing && !event.target.closest("dialog")) back();
  };
  return html`
    <main class="thread" aria-label=${title || t("thread.title")} onKeyDown=${onKeyDown}>
      <header class="thread-head">
        <button type="button" class="icon-button back" data-testid="back" aria-label=${t("action.back")} onClick=${back}>
          <${Icon} name="back" /></button>
        ${conversation && html`
          <${Avatar} id=${face?.id ?? id} name=${title} url=${face?.avatar_url} icon=${saved ? "bookmark" : null} />
          <${Titles} title=${title} detail=${subtitle(conversation, myId, saved ? null : presence)}
            onOpen=${peer && !saved ? () => setAbout(true) : null} />`}
      </header>
      ${about && peer && html`<${PersonDialog} id=${peer.id} onClose=${() => setAbout(false)} />`}
      <${MessageList} key=${id} id=${id} />
      <${Composer} key=${`composer-${id}`} id=${id} blocked=${conversation && blockedBecause(conversation, peer)} />
    </main>`;
}

export function NoThread() {
  return html`
    <main class="thread thread-none" aria-label=${t("thread.title")}>
      <div class="welcome">
        <span class="welcome-mark"><${Icon} name="mark" size="44" /></span>
        <p class="welcome-title">${t("thread.none")}</p>
        <p>${t("thread.none_detail")}</p>
      </div>
    </main>`;
}
