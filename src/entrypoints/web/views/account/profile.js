// My profile: what others see of me, and by what I log in.

import { api } from "../../api.js";
import { t } from "../../i18n.js";
import { html, useEffect, useState } from "../../lib/ui.js";
import { updateUser } from "../../session.js";
import { notify } from "../../store.js";
import { Avatar } from "../avatar.js";
import { Field } from "../field.js";
import { problemText } from "../problem.js";
import { FormProblem, passwordProblem, useSubmission } from "../submission.js";

const NAMES = ["display_name", "bio", "username", "email", "phone_number"];
const PROTECTED = ["email", "phone_number"];

const valuesOf = (me) => Object.fromEntries(NAMES.map((name) => [name, me[name] ?? ""]));

function changesOf(me, values) {
  const wanted = NAMES.map((name) => [name, values[name].trim() || null]);
  return Object.fromEntries(wanted.filter(([name, value]) => value !== (me[name] || null)));
}

function Form({ loaded: { content: me, etag }, onLoaded, onConflict }) {
  const [values, setValues] = useState(valuesOf(me));
  const fields = changesOf(me, values);
  const guarded = PROTECTED.some((name) => name in fields);

  const form = useSubmission(async ({ current_password: password }, element) => {
    if (!Object.keys(fields).length) return notify(t("profile.unchanged"));
    // An empty name is refused by the server, in its words; null would not say which field it was.
    if (fields.display_name === null) fields.display_name = "";
    try {
      const saved = await api.updateMe(guarded ? { ...fields, current_password: password } : fields, etag);
      updateUser(saved.content);
      element.reset();
      onLoaded(saved);
      notify(t("profile.saved"));
    } catch (error) {
      if (error.code !== "precondition_failed") throw error;
      await onConflict();
    }
    return undefined;
  });

  const field = (name, more) => html`
    <${Field} form="profile" name=${name} value=${values[name]} problem=${form.fields[name]}
      onInput=${({ currentTarget: { value } }) => setValues((before) => ({ ...before, [name]: value }))} ...${more} />`;
  const pointed = form.error && (Object.keys(form.fields).length > 0 || form.error.code === "wrong_password");
  return html`
    <form id="profile-form" class="dialog-form" onSubmit=${form.onSubmit} novalidate>
      <div class="profile-head">
        <${Avatar} id=${me.id} name=${me.display_name} url=${me.avatar_url} />
        <p class="profile-name" dir="auto">${me.display_name}</p>
      </div>
      ${field("display_name", { label: t("auth.display_name"), maxlength: 64, autocomplete: "name" })}
      ${field("bio", { label: t("profile.bio"), hint: t("profile.bio_hint"), maxlength: 500, multiline: true })}
      ${field("username", {
        label: t("auth.username"), hint: t("auth.username_hint"), maxlength: 32, autocomplete: "username",
        autocapitalize: "none", spellcheck: false, dir: "ltr",
      })}
      ${field("email", { label: t("auth.email"), type: "email", maxlength: 254, autocomplete: "email", dir: "ltr" })}
      ${field("phone_number", {
        label: t("auth.phone"), type: "tel", autocomplete: "tel", placeholder: "+44…", dir: "ltr",
      })}
      ${guarded && html`
        <${Field} form="profile" name="current_password" type="password" label=${t("security.current_password")}
          hint=${t("profile.password_hint")} problem=${passwordProblem(form)} autocomplete="current-password" />`}
      <${FormProblem} error=${!pointed && form.error} />
      <footer class="dialog-foot">
        <button type="submit" class="button button-primary" data-testid="save-profile"
          aria-busy=${form.busy ? "true" : null}>${t("action.save")}</button>
      </footer>
    </form>`;
}

export function Profile() {
  const [loaded, setLoaded] = useState(null);
  const [problem, setProblem] = useState(null);
  const load = async () => {
    setProblem(null);
    try {
      const answer = await api.me();
      updateUser(answer.content);
      setLoaded(answer);
      return true;
    } catch (error) {
      setProblem(problemText(error));
      return false;
    }
  };
  useEffect(() => { load(); }, []);
  const onConflict = async () => {
    if (await load()) setProblem(t("profile.conflict"));
  };
  return html`
    <p class="form-problem" role="alert" data-testid="profile-problem">${problem}</p>
    ${!loaded && !problem && html`<p class="field-note" role="status">${t("settings.loading")}</p>`}
    ${!loaded && problem && html`<button type="button" class="button" onClick=${load}>${t("action.retry")}</button>`}
    ${loaded && html`
      <${Form} key=${loaded.content.updated_at + loaded.etag} loaded=${loaded} onConflict=${onConflict}
        onLoaded=${(saved) => { setProblem(null); setLoaded(saved); }} />`}`;
}
