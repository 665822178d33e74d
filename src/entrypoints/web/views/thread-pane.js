// The right column: one conversation, from its title to the composer.

import { openConversation } from "../actions.js";
import { t } from "../i18n.js";
import { html } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { titleOf } from "../people.js";
import { Avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { Icon } from "./icons.js";
import { MessageList } from "./message-list.js";

function subtitle(conversation, myId) {
  if (conversation.type === "GROUP") return t("group.members", { count: conversation.member_count ?? 0 });
  if (conversation.peer?.id === myId) return t("conversation.saved_detail");
  return conversation.peer?.username ? `@${conversation.peer.username}` : "";
}

function back() {
  const id = location.hash.split("/").at(-1);
  openConversation(null);
  // The row one came from gets the focus back, so that the keyboard goes on from there.
  requestAnimationFrame(() => document.querySelector(`.item[data-id="${CSS.escape(id)}"]`)?.focus());
}

function blockedBecause({ me, post_policy: policy }) {
  if (!me) return null;
  if (me.left_at) return t("composer.left");
  if (me.silenced_until && Date.parse(me.silenced_until) > Date.now()) return t("composer.silenced");
  if (policy === "ADMINS" && me.role === "MEMBER") return t("composer.admins_only");
  return null;
}

export function ThreadPane({ id }) {
  const conversation = useStore((store) => store.entries.get(id)?.conversation);
  const myId = useSession((session) => session.user?.id);
  useStore((store) => store.people);
  const title = conversation ? titleOf(conversation, myId) : "";
  const face = conversation?.type === "GROUP" ? conversation : conversation?.peer;
  const saved = face?.id === myId;
  const onKeyDown = (event) => {
    if (event.key === "Escape" && !event.isComposing) back();
  };
  return html`
    <main class="thread" aria-label=${title || t("thread.title")} onKeyDown=${onKeyDown}>
      <header class="thread-head">
        <button type="button" class="icon-button back" data-testid="back" aria-label=${t("action.back")} onClick=${back}>
          <${Icon} name="back" /></button>
        ${conversation && html`
          <${Avatar} id=${face?.id ?? id} name=${title} url=${face?.avatar_url} icon=${saved ? "bookmark" : null} />
          <div class="thread-titles">
            <h1 dir="auto" data-testid="thread-title">${title}</h1>
            <p><bdi>${subtitle(conversation, myId)}</bdi></p>
          </div>`}
      </header>
      <${MessageList} key=${id} id=${id} />
      <${Composer} key=${`composer-${id}`} id=${id} blocked=${conversation && blockedBecause(conversation)} />
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
