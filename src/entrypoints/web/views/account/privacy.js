// Who sees what of me, and who may reach me.

import { t } from "../../i18n.js";
import { html } from "../../lib/ui.js";
import { Choice, Switch, WithSettings } from "../choices.js";

const AUDIENCES = ["EVERYONE", "CONTACTS", "NOBODY"];
const SUBJECTS = ["last_seen", "profile_photo", "about", "groups", "messages"];

export function Privacy() {
  const options = AUDIENCES.map((audience) => [audience, t(`privacy.${audience}`)]);
  const hints = { last_seen: t("privacy.last_seen_hint") };
  return html`
    <${WithSettings}>
      ${SUBJECTS.map((subject) => html`
        <${Choice} key=${subject} name=${`privacy_${subject}`} label=${t(`privacy.${subject}`)} hint=${hints[subject]}
          options=${options} />`)}
      <${Switch} name="read_receipts" label=${t("privacy.read_receipts")} hint=${t("privacy.read_receipts_hint")} />
    <//>`;
}
