// How long messages live here: in a group's settings, and for either side of a direct conversation.

import { t } from "../i18n.js";
import { html } from "../lib/ui.js";
import { updateGroup } from "../members.js";
import { lifetime } from "../preview.js";
import { notify } from "../store.js";
import { problemText } from "./problem.js";

const LIVES = [3600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400];

export function ExpiryField({ id, value, onChange }) {
  const lives = value && !LIVES.includes(value) ? [...LIVES, value].sort((a, b) => a - b) : LIVES;
  return html`
    <div class="setting">
      <label for=${id}>${t("group.expiry")}</label>
      <select id=${id} data-testid="expiry" aria-describedby=${`${id}-note`}
        onChange=${(event) => onChange(Number(event.currentTarget.value) || null)}>
        <option value="0" selected=${!value}>${t("group.expiry_off")}</option>
        ${lives.map((seconds) => html`
          <option key=${seconds} value=${seconds} selected=${seconds === value}>${lifetime(seconds)}</option>`)}
      </select>
      <p id=${`${id}-note`} class="field-note">${t("group.expiry_hint")}</p>
    </div>`;
}

/** Saved as soon as it is changed. */
export function DirectExpiry({ conversation }) {
  const change = (seconds) => updateGroup(conversation.id, { expiry_seconds: seconds })
    .then(() => notify(t("group.saved")), (error) => notify(problemText(error), "problem"));
  return html`<${ExpiryField} id="direct-expiry" value=${conversation.expiry_seconds} onChange=${change} />`;
}
