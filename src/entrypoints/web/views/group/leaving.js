// Going out of a group, with who follows an owner said before; and closing it for everybody.

import { api } from "../../api.js";
import { left } from "../../events.js";
import { t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { useStore } from "../../lib/use-store.js";
import { nextOwner, owns } from "../../members.js";
import { nameOfUser } from "../../people.js";
import { store } from "../../store.js";
import { Confirmed } from "../confirmed.js";
import { problemText } from "../problem.js";

/** The owner may name who follows; what happens without a name is said by name too. */
function Successor({ id, value, onChange }) {
  const members = useStore((state) => state.members.get(id)) ?? [];
  const next = nextOwner(id);
  if (!next) return html`<p class="field-note">${t("group.leave_last")}</p>`;
  return html`
    <div class="setting">
      <label for="successor">${t("group.successor")}</label>
      <select id="successor" data-testid="successor" aria-describedby="successor-note"
        onChange=${(event) => onChange(event.currentTarget.value)}>
        <option value="" selected=${!value}>${t("group.successor_auto", { name: nameOfUser(next.user) })}</option>
        ${members.filter((one) => one.role !== "OWNER").map((one) => html`
          <option key=${one.user.id} value=${one.user.id} selected=${one.user.id === value}>${nameOfUser(one.user)}</option>`)}
      </select>
      <p id="successor-note" class="field-note">${t("group.successor_hint")}</p>
    </div>`;
}

export function Leaving({ conversation, onClose }) {
  const { id, me } = conversation;
  const [successor, setSuccessor] = useState("");
  const [error, setError] = useState(null);
  const run = (deed) => async () => {
    setError(null);
    try {
      await deed();
      onClose();
      // Its event may have come first.
      if (store.entries.has(id)) left(id);
    } catch (problem) {
      setError(problem);
    }
  };
  return html`
    <p class="form-problem" role="alert">${error && problemText(error)}</p>
    ${owns(me) && html`<${Successor} id=${id} value=${successor} onChange=${setSuccessor} />`}
    <p class="field-note">${t("group.leave_note")}</p>
    <${Confirmed} label=${t("group.leave")} question=${t("group.leave_question")} testid="leave-group"
      onConfirm=${run(() => api.leave(id, successor || undefined))} />
    ${owns(me) && html`
      <div class="profile-out">
        <p class="field-note">${t("group.close_note")}</p>
        <${Confirmed} label=${t("group.close")} question=${t("group.close_question")} testid="close-group"
          onConfirm=${run(() => api.closeGroup(id))} />
      </div>`}`;
}
