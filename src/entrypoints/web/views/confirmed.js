// A button that asks before it acts.

import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib/ui.js";

export function Confirmed({ label, question, testid, onConfirm }) {
  const [asking, setAsking] = useState(false);
  const cancel = useRef(null);
  const start = useRef(null);
  const asked = useRef(false);
  useEffect(() => {
    // The button that was pressed is gone: the focus goes to the safe answer, and back.
    if (asking) cancel.current?.focus();
    else if (asked.current) start.current?.focus();
    asked.current = asking;
  }, [asking]);
  if (!asking) {
    return html`
      <button type="button" ref=${start} class="link link-danger" data-testid=${testid} onClick=${() => setAsking(true)}>
        ${label}</button>`;
  }
  return html`
    <div class="confirm" role="group" aria-label=${label}>
      <p>${question}</p>
      <button type="button" ref=${cancel} class="button" onClick=${() => setAsking(false)}>${t("action.cancel")}</button>
      <button type="button" class="button button-danger" data-testid=${`${testid}-confirm`}
        onClick=${() => { setAsking(false); onConfirm(); }}>${label}</button>
    </div>`;
}
