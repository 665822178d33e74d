// One person: who they are, what I call them, and whether they may reach me.

import { startDirect } from "../actions.js";
import { api } from "../api.js";
import { removeContact, saveContact, setBlocked } from "../contacts.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { nameOfUser } from "../people.js";
import { notify, putPeople } from "../store.js";
import { Avatar } from "./avatar.js";
import { Confirmed } from "./confirmed.js";
import { Dialog } from "./dialog.js";
import { DirectExpiry } from "./expiry.js";
import { Field } from "./field.js";
import { usePresence } from "./presence.js";
import { problemText } from "./problem.js";
import { FormProblem, useSubmission } from "./submission.js";

function Head({ user }) {
  const presence = usePresence(user.id);
  const name = nameOfUser(user);
  const own = user.display_name && user.display_name !== name ? user.display_name : null;
  return html`
    <div class="profile-head">
      <${Avatar} id=${user.id} name=${name} url=${user.avatar_url} />
      <div>
        <p class="profile-name" dir="auto" data-testid="person-name">${name}</p>
        <p class="profile-ids">
          ${own && html`<bdi>${own}</bdi>`}${user.username && html`<bdi dir="ltr">@${user.username}</bdi>`}</p>
        ${presence && html`<p class="profile-presence">${presence}</p>`}
      </div>
    </div>
    ${user.bio && html`<p class="profile-bio" dir="auto">${user.bio}</p>`}`;
}

function Nickname({ user }) {
  const contact = useStore((state) => state.contacts.get(user.id));
  const [nickname, setNickname] = useState(contact?.nickname ?? "");
  const form = useSubmission(async () => {
    await saveContact(user, nickname.trim());
    notify(t("contacts.saved"));
  });
  const remove = () => removeContact(user.id).then(
    () => setNickname(""), (error) => notify(problemText(error), "problem"));
  return html`
    <form id="contact-form" class="dialog-form" onSubmit=${form.onSubmit} novalidate>
      <${Field} form="contact" name="nickname" label=${t("contacts.nickname")} hint=${t("contacts.nickname_hint")}
        value=${nickname} problem=${form.fields.nickname} maxlength="64" autocomplete="off" dir="auto"
        onInput=${(event) => setNickname(event.currentTarget.value)} />
      <${FormProblem} error=${!form.fields.nickname && form.error} />
      <footer class="dialog-foot">
        ${contact && html`
          <button type="button" class="button" data-testid="remove-contact" onClick=${remove}>${t("contacts.remove")}</button>`}
        <button type="submit" class="button button-primary" data-testid="save-contact" aria-busy=${form.busy ? "true" : null}>
          ${contact ? t("action.save") : t("contacts.save")}</button>
      </footer>
    </form>`;
}

/** Blocks or unblocks, and says what went wrong. */
export function changeBlock(id, blocked) {
  const done = () => notify(t(blocked ? "contacts.blocked" : "contacts.unblocked"));
  return setBlocked(id, blocked).then(done, (error) => notify(problemText(error), "problem"));
}

/** `conversation` is the direct one with this person, where they are looked at from there. */
export function Person({ id, onTalk, conversation }) {
  const user = useStore((state) => state.people.get(id));
  // What the list knows may be old: a name, a picture, whether I block them.
  useEffect(() => { api.user(id).then((fresh) => putPeople([fresh]), () => {}); }, [id]);
  const ways = useRef(null);
  useEffect(() => {
    // The button that was pressed has turned into its opposite.
    if (document.activeElement === document.body) ways.current?.querySelector("button")?.focus();
  }, [user?.is_blocked]);
  if (!user) return null;
  const talk = () => startDirect(user).then(onTalk, (error) => notify(problemText(error), "problem"));
  return html`
    <${Head} user=${user} />
    ${onTalk && html`
      <button type="button" class="button" data-testid="talk" onClick=${talk}>${t("contacts.talk")}</button>`}
    <${Nickname} user=${user} />
    ${conversation && html`<${DirectExpiry} conversation=${conversation} />`}
    <div class="profile-out" ref=${ways}>
      ${user.is_blocked
        ? html`
          <button type="button" class="link" data-testid="unblock" onClick=${() => changeBlock(id, false)}>
            ${t("contacts.unblock")}</button>`
        : html`
          <${Confirmed} label=${t("contacts.block")} question=${t("contacts.block_question")} testid="block"
            onConfirm=${() => changeBlock(id, true)} />`}
    </div>`;
}

export function PersonDialog({ id, conversation, onClose }) {
  return html`
    <${Dialog} title=${t("person.title")} onClose=${onClose} testid="person-dialog"><${Person} id=${id} conversation=${conversation} /><//>`;
}
