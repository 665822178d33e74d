// The right column: one conversation, from its title to the composer.

import { openConversation } from "../actions.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { titleOf } from "../people.js";
import { store } from "../store.js";
import { Composer } from "./composer.js";
import { ConversationMenu } from "./conversation-menu.js";
import { Face } from "./face.js";
import { GroupDialog } from "./group/group.js";
import { Icon } from "./icons.js";
import { MessageList } from "./message-list.js";
import { PersonDialog } from "./person.js";
import { usePresence } from "./presence.js";
import { blockedBecause } from "./write-access.js";

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

/** The title opens who or what the conversation is with. */
function Titles({ title, detail, about, onOpen }) {
  const words = html`
    <h1 dir="auto" data-testid="thread-title">${title}</h1>
    <p data-testid="thread-detail"><bdi>${detail}</bdi></p>`;
  if (!onOpen) return html`<div class="thread-titles">${words}</div>`;
  return html`
    <div class="thread-titles">
      ${words}
      <button type="button" class="thread-about" aria-label=${about} data-testid="about"
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
  const [menu, setMenu] = useState(null);
  const peer = store.people.get(conversation?.peer?.id) ?? conversation?.peer;
  const group = conversation?.type === "GROUP";
  const saved = Boolean(peer) && peer.id === myId;
  const blocked = conversation && blockedBecause(conversation);
  const openAbout = group || (peer && !saved) ? () => setAbout(true) : null;
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
          <${Face} conversation=${conversation} />
          <${Titles} title=${title} detail=${subtitle(conversation, myId, saved ? null : presence)}
            about=${t(group ? "group.about_named" : "person.about", { name: title })} onOpen=${openAbout} />
          <button type="button" class="icon-button" data-testid="thread-more" aria-haspopup="menu"
            aria-label=${t("place.actions", { title })} title=${t("place.actions", { title })}
            onClick=${(event) => setMenu(event.currentTarget)}><${Icon} name="more" /></button>`}
      </header>
      ${menu && html`<${ConversationMenu} id=${id} anchor=${menu} onAbout=${openAbout} onClose=${() => setMenu(null)} />`}
      ${about && group && html`<${GroupDialog} id=${id} onClose=${() => setAbout(false)} />`}
      ${about && !group && peer && html`
        <${PersonDialog} id=${peer.id} conversation=${conversation} onClose=${() => setAbout(false)} />`}
      <${MessageList} key=${id} id=${id} canWrite=${!blocked} />
      <${Composer} key=${`composer-${id}`} id=${id} blocked=${blocked} />
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
