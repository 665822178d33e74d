// Going away: for a while, or for ever. Both ask for the password; the second also for being sure.

import { api } from "../../api.js";
import { t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { useSwappedFocus } from "../../lib/use-swapped-focus.js";
import { forgetSession } from "../../session.js";
import { Field } from "../field.js";
import { FormProblem, passwordProblem, useSubmission } from "../submission.js";

function Going({ name, title, note, work, children, ready = true }) {
  const [open, setOpen] = useState(false);
  const form = useSubmission(async (values) => {
    await work(values);
    forgetSession();
  });
  const { inside, outside } = useSwappedFocus(open);
  const problem = passwordProblem(form, "password");
  if (!open) {
    return html`
      <p><button type="button" ref=${outside} class="link link-danger" data-testid=${name} onClick=${() => setOpen(true)}>${title}</button></p>`;
  }
  return html`
    <form id=${`${name}-form`} class="dialog-form going" onSubmit=${form.onSubmit} novalidate aria-label=${title}>
      <p>${note}</p>
      <${Field} form=${name} name="password" type="password" label=${t("security.current_password")} problem=${problem}
        autocomplete="current-password" required inputRef=${inside} />
      ${children}
      <${FormProblem} error=${!problem && form.error} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${() => setOpen(false)}>${t("action.cancel")}</button>
        <button type="submit" class="button button-danger" disabled=${!ready} aria-busy=${form.busy ? "true" : null}>
          ${title}</button>
      </footer>
    </form>`;
}

function Check({ name, label, ...rest }) {
  return html`<label class="check"><input type="checkbox" name=${name} ...${rest} /> <span>${label}</span></label>`;
}

function Erase() {
  const [sure, setSure] = useState(false);
  return html`
    <${Going} name="erase" title=${t("leaving.erase")} note=${t("leaving.erase_note")} ready=${sure}
      work=${({ password, redact }) => api.erase(password, redact === "on")}>
      <${Check} name="redact" label=${t("leaving.redact")} />
      <${Check} name="sure" label=${t("leaving.sure")} checked=${sure}
        onChange=${(event) => setSure(event.currentTarget.checked)} />
    <//>`;
}

export function Leaving() {
  return html`
    <h3>${t("leaving.title")}</h3>
    <${Going} name="deactivate" title=${t("leaving.deactivate")} note=${t("leaving.deactivate_note")}
      work=${({ password }) => api.deactivate(password)} />
    <${Erase} />`;
}
