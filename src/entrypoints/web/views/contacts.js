// The people I saved, those I block, and finding somebody new.

import { loadBlocked, loadContacts } from "../contacts.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { nameOfUser } from "../people.js";
import { putPeople } from "../store.js";
import { Avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { PeoplePicker } from "./people-picker.js";
import { changeBlock, Person } from "./person.js";
import { problemText } from "./problem.js";

const LISTS = {
  saved: { load: loadContacts, holds: (user, contacts) => contacts.has(user.id) },
  blocked: { load: loadBlocked, holds: (user) => user.is_blocked },
};

function Row({ user, onOpen }) {
  const name = nameOfUser(user);
  const blocked = user.is_blocked;
  const label = t(blocked ? "contacts.unblock_named" : "contacts.block_named", { name });
  return html`
    <li class="contact" data-testid="contact" data-id=${user.id}>
      <button type="button" class="person" onClick=${() => onOpen(user.id)}>
        <${Avatar} id=${user.id} name=${name} url=${user.avatar_url} />
        <span class="person-name" dir="auto">${name}</span>
        <span class="person-handle" dir="auto">
          ${blocked ? t("contacts.is_blocked") : user.username ? `@${user.username}` : ""}</span>
      </button>
      <button type="button" class=${blocked ? "icon-button icon-button-bad" : "icon-button"} aria-pressed=${blocked ? "true" : "false"}
        aria-label=${label} title=${label} data-testid="toggle-block" onClick=${() => changeBlock(user.id, !blocked)}>
        <${Icon} name="block" /></button>
    </li>`;
}

function People({ list, onOpen }) {
  const { load, holds } = LISTS[list];
  const people = useStore((store) => store.people);
  const contacts = useStore((store) => store.contacts);
  const [state, setState] = useState({ loading: true, error: null });
  const fetch = () => {
    setState({ loading: true, error: null });
    load().then(() => setState({ loading: false, error: null }), (error) => setState({ loading: false, error }));
  };
  useEffect(fetch, [list]);
  const shown = [...people.values()].filter((user) => holds(user, contacts))
    .sort((a, b) => nameOfUser(a).localeCompare(nameOfUser(b)));
  if (state.error) {
    return html`
      <div class="list-note" role="alert"><p>${problemText(state.error)}</p>
        <button type="button" class="button" onClick=${fetch}>${t("action.retry")}</button></div>`;
  }
  if (!shown.length) {
    return html`<p class="list-note" role="status">${t(state.loading ? "settings.loading" : `contacts.none_${list}`)}</p>`;
  }
  return html`
    <ul class="people contacts" aria-label=${t(`contacts.list_${list}`)}>
      ${shown.map((user) => html`<${Row} key=${user.id} user=${user} onOpen=${onOpen} />`)}
    </ul>`;
}

export function Contacts({ onClose }) {
  const [list, setList] = useState("saved");
  const [open, setOpen] = useState(null);
  const found = (user) => {
    putPeople([user]);
    setOpen(user.id);
  };
  if (open) {
    return html`
      <${Dialog} key="person" title=${t("person.title")} onClose=${onClose} onBack=${() => setOpen(null)} testid="person-dialog">
        <${Person} id=${open} onTalk=${onClose} /><//>`;
  }
  return html`
    <${Dialog} key="list" title=${t("contacts.title")} onClose=${onClose} testid="contacts-dialog">
      <nav class="segments" aria-label=${t("contacts.title")}>
        ${[...Object.keys(LISTS), "find"].map((name) => html`
          <button key=${name} type="button" class="segment" aria-current=${name === list ? "page" : null}
            data-testid=${`contacts-${name}`} onClick=${() => setList(name)}>${t(`contacts.list_${name}`)}</button>`)}
      </nav>
      ${list === "find"
        ? html`<${PeoplePicker} inputId="contact-search" onPick=${found} />`
        : html`<${People} key=${list} list=${list} onOpen=${setOpen} />`}
    <//>`;
}
