// My password, a copy of everything stored about me, and the ways to go.

import { api } from "../../api.js";
import { t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { notify } from "../../store.js";
import { Field } from "../field.js";
import { problemText } from "../problem.js";
import { FormProblem, passwordProblem, useSubmission } from "../submission.js";
import { Leaving } from "./leaving.js";

function Password() {
  const form = useSubmission(async ({ current_password: current, new_password: wished }, element) => {
    await api.changePassword(current, wished);
    element.reset();
    notify(t("security.password_changed"));
  });
  const pointed = form.error && (Object.keys(form.fields).length > 0 || form.error.code === "wrong_password");
  return html`
    <form id="password-form" class="dialog-form" onSubmit=${form.onSubmit} novalidate>
      <h3>${t("security.change_password")}</h3>
      <${Field} form="password" name="current_password" type="password" label=${t("security.current_password")}
        problem=${passwordProblem(form)} autocomplete="current-password" required />
      <${Field} form="password" name="new_password" type="password" label=${t("security.new_password")}
        hint=${t("auth.password_hint")} problem=${form.fields.new_password} autocomplete="new-password" required />
      <p class="field-note">${t("security.password_note")}</p>
      <${FormProblem} error=${!pointed && form.error} />
      <footer class="dialog-foot">
        <button type="submit" class="button" aria-busy=${form.busy ? "true" : null}>${t("security.change_password")}</button>
      </footer>
    </form>`;
}

function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  // The browser reads the blob after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function Export() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  async function fetchAll() {
    setBusy(true);
    setError(null);
    try {
      download(await api.exportMine(), `sentinal-${new Date().toISOString().slice(0, 10)}.json`);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  }
  return html`
    <h3>${t("security.export")}</h3>
    <p class="field-note">${t("security.export_note")}</p>
    <p class="form-problem" role="alert">${error && problemText(error)}</p>
    <footer class="dialog-foot">
      <button type="button" class="button" data-testid="export" disabled=${busy} aria-busy=${busy ? "true" : null}
        onClick=${fetchAll}>${t("security.export_do")}</button>
    </footer>`;
}

export function Security() {
  return html`<${Password} /><${Export} /><${Leaving} />`;
}
