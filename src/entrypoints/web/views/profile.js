// My profile, and the ways out.

import { api, offers } from "../api.js";
import { language, languages, rememberLanguage, t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { useSession } from "../lib/use-store.js";
import { logOut, updateUser } from "../session.js";
import { notify } from "../store.js";
import { Avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { fieldProblems, problemText } from "./problem.js";

function changes(me, values) {
  const wanted = { display_name: values.display_name.trim(), bio: values.bio.trim() || null };
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== (me[name] || null)));
}

function Details({ me, onClose }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);

  async function onSubmit(event) {
    event.preventDefault();
    if (busy) return;
    const fields = changes(me, Object.fromEntries(new FormData(event.currentTarget)));
    if (!Object.keys(fields).length) return onClose();
    setBusy(true);
    setError(null);
    try {
      updateUser(await api.updateMe(fields));
      notify(t("profile.saved"));
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
    return undefined;
  }

  const missing = !offers("profile");
  const fields = error ? fieldProblems(error) : {};
  return html`
    <form id="profile-form" class="dialog-form" onSubmit=${onSubmit} novalidate>
      <${Field} form="profile" name="display_name" label=${t("auth.display_name")} value=${me.display_name}
        problem=${fields.display_name} maxlength="64" disabled=${missing} />
      <${Field} form="profile" name="bio" label=${t("profile.bio")} value=${me.bio ?? ""} problem=${fields.bio}
        hint=${t("profile.bio_hint")} maxlength="500" multiline disabled=${missing} />
      ${missing && html`<p class="field-note" role="status">${t("profile.missing")}</p>`}
      <p class="form-problem" role="alert">${error && !missing && problemText(error)}</p>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${onClose}>${t("action.cancel")}</button>
        <button type="submit" class="button button-primary" data-testid="save-profile" disabled=${missing}
          aria-busy=${busy ? "true" : null}>${t("action.save")}</button>
      </footer>
    </form>`;
}

function Language() {
  if (languages().length < 2) return null;
  const onChange = (event) => rememberLanguage(event.currentTarget.value).then(() => location.reload());
  return html`
    <div class="field">
      <label for="language">${t("profile.language")}</label>
      <select id="language" value=${language()} onChange=${onChange}>
        ${languages().map(({ code, name }) => html`<option key=${code} value=${code}>${name}</option>`)}
      </select>
    </div>`;
}

function Everywhere() {
  const [asking, setAsking] = useState(false);
  const leave = () => logOut({ everywhere: true }).catch((error) => notify(problemText(error), "problem"));
  if (!asking) {
    return html`
      <button type="button" class="link link-danger" data-testid="logout-all" onClick=${() => setAsking(true)}>
        ${t("session.log_out_everywhere")}</button>`;
  }
  return html`
    <div class="confirm" role="group" aria-label=${t("session.log_out_everywhere")}>
      <p>${t("session.everywhere_question")}</p>
      <button type="button" class="button" onClick=${() => setAsking(false)}>${t("action.cancel")}</button>
      <button type="button" class="button button-danger" data-testid="logout-all-confirm" onClick=${leave}>
        ${t("session.log_out_everywhere")}</button>
    </div>`;
}

export function Profile({ onClose }) {
  const me = useSession((session) => session.user);
  const identity = [me.username && `@${me.username}`, me.email, me.phone_number].filter(Boolean);
  return html`
    <${Dialog} title=${t("profile.title")} onClose=${onClose} testid="profile-dialog">
      <div class="profile-head">
        <${Avatar} id=${me.id} name=${me.display_name} url=${me.avatar_url} />
        <div><p class="profile-name" dir="auto">${me.display_name}</p>
          <p class="profile-ids">${identity.map((one) => html`<span key=${one} dir="ltr">${one}</span>`)}</p></div>
      </div>
      <${Details} me=${me} onClose=${onClose} />
      <${Language} />
      <div class="profile-out"><${Everywhere} /></div>
    <//>`;
}
