// Starting a group: a subject and some people.

import { startGroup } from "../actions.js";
import { listOf, t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { nameOfUser } from "../people.js";
import { notify } from "../store.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { Chosen, PeoplePicker } from "./people-picker.js";
import { fieldProblems, problemText } from "./problem.js";

export function NewGroup({ onClose }) {
  const [people, setPeople] = useState([]);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const toggle = (user) => setPeople((chosen) =>
    (chosen.some((one) => one.id === user.id) ? chosen.filter((one) => one.id !== user.id) : [...chosen, user]));

  async function onSubmit(event) {
    event.preventDefault();
    if (busy) return;
    const { subject: subjectField, description: descriptionField } = event.currentTarget.elements;
    const subject = subjectField.value.trim();
    const description = descriptionField.value.trim();
    if (!subject) {
      subjectField.focus();
      setError({ errors: [{ pointer: "/subject", detail: t("group.subject_missing") }] });
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const refused = await startGroup({ subject, ...(description ? { description } : {}) }, people);
      if (refused.length) {
        const names = listOf(refused.map(nameOfUser));
        notify(t("group.not_added", { names }), "problem");
      }
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  const fields = error ? fieldProblems(error) : {};
  return html`
    <${Dialog} title=${t("group.new")} onClose=${onClose} testid="group-dialog">
      <form id="group-form" class="dialog-form" onSubmit=${onSubmit} novalidate>
        <${Field} form="group" name="subject" label=${t("group.subject")} problem=${fields.subject} maxlength="128"
          autocomplete="off" dir="auto" />
        <${Field} form="group" name="description" label=${t("group.description")} problem=${fields.description} maxlength="1024"
          autocomplete="off" dir="auto" />
        <p class="form-problem" role="alert">${error && !Object.keys(fields).length && problemText(error)}</p>
        <${Chosen} people=${people} onRemove=${toggle} />
        <${PeoplePicker} inputId="group-search" onPick=${toggle} chosen=${people} />
        <footer class="dialog-foot">
          <button type="button" class="button" onClick=${onClose}>${t("action.cancel")}</button>
          <button type="submit" class="button button-primary" data-testid="create-group" aria-busy=${busy ? "true" : null}>
            ${t("group.create")}</button>
        </footer>
      </form>
    <//>`;
}
