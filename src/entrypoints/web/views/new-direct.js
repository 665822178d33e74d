// Starting a conversation with one person.

import { startDirect } from "../actions.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { Dialog } from "./dialog.js";
import { PeoplePicker } from "./people-picker.js";
import { problemText } from "./problem.js";

export function NewDirect({ onClose }) {
  const [error, setError] = useState(null);
  async function pick(user) {
    setError(null);
    try {
      await startDirect(user);
      onClose();
    } catch (problem) {
      setError(problem);
    }
  }
  return html`
    <${Dialog} title=${t("direct.new")} onClose=${onClose} testid="direct-dialog">
      <p class="form-problem" role="alert">${error && problemText(error)}</p>
      <${PeoplePicker} inputId="direct-search" onPick=${pick} withMe />
    <//>`;
}
