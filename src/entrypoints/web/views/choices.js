// Settings as people see them: a switch, or one choice of a few. Each is saved as soon as it is changed.

import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { changeSettings, loadSettings } from "../preferences.js";
import { notify } from "../store.js";
import { problemText } from "./problem.js";

function save(name, value) {
  return changeSettings({ [name]: value }).catch((error) => notify(problemText(error), "problem"));
}

export function Switch({ name, label, hint }) {
  const on = useStore((store) => store.settings?.[name]);
  const id = `setting-${name}`;
  return html`
    <div class="setting">
      <label for=${id}>${label}</label>
      <input id=${id} type="checkbox" role="switch" class="switch" data-testid=${id} checked=${on}
        aria-describedby=${hint ? `${id}-note` : null} onChange=${(event) => save(name, event.currentTarget.checked)} />
      ${hint && html`<p id=${`${id}-note`} class="field-note">${hint}</p>`}
    </div>`;
}

/** `options` are pairs of value and label; a value the server knows and this page does not is shown as it is. */
export function Choice({ name, label, hint, options }) {
  const value = useStore((store) => store.settings?.[name]);
  const id = `setting-${name}`;
  const known = options.some(([one]) => one === value);
  const shown = known ? options : [...options, [value, value]];
  return html`
    <div class="setting">
      <label for=${id}>${label}</label>
      <select id=${id} data-testid=${id} value=${value} aria-describedby=${hint ? `${id}-note` : null}
        onChange=${(event) => save(name, event.currentTarget.value)}>
        ${shown.map(([one, words]) => html`<option key=${one} value=${one} selected=${one === value}>${words}</option>`)}
      </select>
      ${hint && html`<p id=${`${id}-note`} class="field-note">${hint}</p>`}
    </div>`;
}

/** What stands below is shown once the settings are known, and fresh: another device may have changed them. */
export function WithSettings({ children }) {
  const settings = useStore((store) => store.settings);
  const [error, setError] = useState(null);
  const load = () => {
    setError(null);
    loadSettings().catch(setError);
  };
  useEffect(load, []);
  if (settings) return children;
  if (!error) return html`<p class="field-note" role="status">${t("settings.loading")}</p>`;
  return html`
    <div class="list-note" role="alert">
      <p>${problemText(error)}</p>
      <button type="button" class="button" onClick=${load}>${t("action.retry")}</button>
    </div>`;
}
