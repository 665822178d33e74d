// Choosing where a message goes on to: up to ten of one's conversations.

import { t } from "../i18n.js";
import { uuid } from "../lib/ids.js";
import { html, useEffect, useRef, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { titleOf } from "../people.js";
import { notify } from "../store.js";
import { Dialog } from "./dialog.js";
import { Face } from "./face.js";
import { Icon } from "./icons.js";
import { problemText } from "./problem.js";
import { blockedBecause } from "./write-access.js";

const AT_MOST = 10;

function detail({ type, peer, member_count: count }) {
  if (type === "GROUP") return t("group.members", { count: count ?? 0 });
  return peer?.username ? `@${peer.username}` : "";
}

export function ForwardDialog({ onForward, onClose }) {
  const entries = useStore((store) => store.listed);
  const myId = useSession((session) => session.user?.id);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(new Map()); // conversation id → the id its copy will have
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  const wanted = query.trim().toLowerCase();
  const shown = entries.map(({ conversation }) => conversation)
    .filter((conversation) => !blockedBecause(conversation))
    .filter((conversation) => titleOf(conversation, myId).toLowerCase().includes(wanted));

  function toggle(id) {
    const next = new Map(chosen);
    if (!next.delete(id) && next.size < AT_MOST) next.set(id, uuid());
    setChosen(next);
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (busy || !chosen.size) return;
    setBusy(true);
    setError(null);
    try {
      await onForward([...chosen.keys()], [...chosen.values()]);
      notify(t("forward.done", { count: chosen.size }));
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  return html`
    <${Dialog} title=${t("forward.title")} onClose=${onClose} testid="forward-dialog">
      <form class="dialog-form" onSubmit=${onSubmit}>
        <div class="search-box"><${Icon} name="search" size="18" />
          <input ref=${input} type="text" role="searchbox" aria-label=${t("forward.search")} placeholder=${t("forward.search")}
            autocomplete="off" data-testid="forward-search" value=${query} onInput=${(event) => setQuery(event.currentTarget.value)} />
        </div>
        <ul class="people" aria-label=${t("list.title")}>
          ${shown.map((conversation) => html`
            <li key=${conversation.id}>
              <button type="button" class="person" data-testid="forward-to" aria-pressed=${chosen.has(conversation.id) ? "true" : "false"}
                onClick=${() => toggle(conversation.id)}>
                <${Face} conversation=${conversation} />
                <span class="person-name" dir="auto">${titleOf(conversation, myId)}</span>
                <span class="person-handle" dir="auto">${detail(conversation)}</span>
                ${chosen.has(conversation.id) && html`<${Icon} name="check" />`}
              </button>
            </li>`)}
        </ul>
        ${shown.length === 0 && html`<p class="list-note" role="status">${t("forward.nothing")}</p>`}
        <p class="form-problem" role="alert">${error && problemText(error)}</p>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick=${onClose}>${t("action.cancel")}</button>
          <button type="submit" class="button button-primary" data-testid="forward-send" disabled=${!chosen.size}
            aria-busy=${busy ? "true" : null}>${t("message.forward")}</button>
        </footer>
      </form>
    <//>`;
}
