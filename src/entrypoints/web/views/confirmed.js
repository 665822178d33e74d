// A button that asks before it acts.

import { t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { useSwappedFocus } from "../lib/use-swapped-focus.js";

export function Confirmed({ label, question, testid, onConfirm }) {
  const [asking, setAsking] = useState(false);
  // The focus goes to the safe answer.
  const { inside, outside } = useSwappedFocus(asking);
  if (!asking) {
    return html`
      <button type="button" ref=${outside} class="link link-danger" data-testid=${testid} onClick=${() => setAsking(true)}>
        ${label}</button>`;
  }
  return html`
    <div class="confirm" role="group" aria-label=${label}>
      <p>${question}</p>
      <button type="button" ref=${inside} class="button" onClick=${() => setAsking(false)}>${t("action.cancel")}</button>
      <button type="button" class="button button-danger" data-testid=${`${testid}-confirm`}
        onClick=${() => { setAsking(false); onConfirm(); }}>${label}</button>
    </div>`;
}
