// Taking more people into a group.

import { listOf, t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { useStore } from "../../lib/use-store.js";
import { addMembers } from "../../members.js";
import { nameOfUser } from "../../people.js";
import { notify } from "../../store.js";
import { Chosen, PeoplePicker } from "../people-picker.js";
import { problemText } from "../problem.js";

export function AddMembers({ id, onDone }) {
  const members = useStore((store) => store.members.get(id));
  const [people, setPeople] = useState([]);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const toggle = (user) => setPeople((chosen) =>
    (chosen.some((one) => one.id === user.id) ? chosen.filter((one) => one.id !== user.id) : [...chosen, user]));

  async function onSubmit(event) {
    event.preventDefault();
    if (busy || !people.length) return;
    setBusy(true);
    setError(null);
    try {
      const refused = await addMembers(id, people);
      if (refused.length) notify(t("group.not_added", { names: listOf(refused.map(nameOfUser)) }), "problem");
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  return html`
    <form class="dialog-form" onSubmit=${onSubmit}>
      <p class="form-problem" role="alert">${error && problemText(error)}</p>
      <${Chosen} people=${people} onRemove=${toggle} />
      <${PeoplePicker} inputId="add-search" onPick=${toggle} chosen=${people}
        without=${new Set((members ?? []).map((member) => member.user.id))} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${onDone}>${t("action.cancel")}</button>
        <button type="submit" class="button button-primary" data-testid="add-confirm" disabled=${!people.length}
          aria-busy=${busy ? "true" : null}>${t("group.add")}</button>
      </footer>
    </form>`;
}
