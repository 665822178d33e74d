// One labelled input of a form, with its hint and its problem tied to it for screen readers.

import { html } from "../lib/ui.js";

export function Field({ form, name, label, hint, problem, multiline, inputRef, ...rest }) {
  const id = `${form}-${name}`;
  const noteId = `${id}-note`;
  const note = problem ?? hint;
  const shared = {
    id, name, "aria-invalid": problem ? "true" : null, "aria-describedby": note ? noteId : null,
    ref: inputRef, ...rest,
  };
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${multiline ? html`<textarea rows="3" ...${shared}></textarea>` : html`<input type="text" ...${shared} />`}
      ${note && html`<p id=${noteId} class=${problem ? "field-note field-problem" : "field-note"}>${note}</p>`}
    </div>`;
}
