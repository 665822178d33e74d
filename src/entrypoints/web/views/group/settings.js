// What a group is called and how it works, for those who lead it.

import { t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { updateGroup } from "../../members.js";
import { notify } from "../../store.js";
import { ExpiryField } from "../expiry.js";
import { Field } from "../field.js";
import { FormProblem, useSubmission } from "../submission.js";

/** Only what is another now, so that two people who change different things do not undo each other. */
function changes(conversation, wished) {
  return Object.fromEntries(Object.entries(wished).filter(([name, value]) => value !== (conversation[name] ?? null)));
}

export function GroupSettings({ conversation }) {
  const { id } = conversation;
  const [subject, setSubject] = useState(conversation.subject ?? "");
  const [description, setDescription] = useState(conversation.description ?? "");
  const [announcing, setAnnouncing] = useState(conversation.post_policy === "ADMINS");
  const [expiry, setExpiry] = useState(conversation.expiry_seconds ?? null);
  const form = useSubmission(async () => {
    const fields = changes(conversation, {
      subject: subject.trim(), description: description.trim() || null,
      post_policy: announcing ? "ADMINS" : "ALL", expiry_seconds: expiry,
    });
    if (Object.keys(fields).length) await updateGroup(id, fields);
    notify(t(Object.keys(fields).length ? "group.saved" : "profile.unchanged"));
  });
  const empty = form.error && !subject.trim() ? t("group.subject_missing") : null;
  return html`
    <form id="group-settings" class="dialog-form" onSubmit=${form.onSubmit} novalidate>
      <${Field} form="group-settings" name="subject" label=${t("group.subject")} value=${subject} maxlength="128" dir="auto"
        autocomplete="off" problem=${empty ?? form.fields.subject} onInput=${(event) => setSubject(event.currentTarget.value)} />
      <${Field} form="group-settings" name="description" label=${t("group.description")} value=${description} multiline
        maxlength="1024" dir="auto" problem=${form.fields.description}
        onInput=${(event) => setDescription(event.currentTarget.value)} />
      <div class="setting">
        <label for="group-announcing">${t("group.announcing")}</label>
        <input id="group-announcing" type="checkbox" role="switch" class="switch" data-testid="announcing" checked=${announcing}
          aria-describedby="group-announcing-note" onChange=${(event) => setAnnouncing(event.currentTarget.checked)} />
        <p id="group-announcing-note" class="field-note">${t("group.announcing_hint")}</p>
      </div>
      <${ExpiryField} id="group-expiry" value=${expiry} onChange=${setExpiry} />
      <${FormProblem} error=${!Object.keys(form.fields).length && form.error} />
      <footer class="dialog-foot">
        <button type="submit" class="button button-primary" data-testid="save-group" aria-busy=${form.busy ? "true" : null}>
          ${t("action.save")}</button>
      </footer>
    </form>`;
}
