// Everything about me in one dialog: a list of subjects beside the one that is open.

import { t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { Dialog } from "../dialog.js";
import { Icon } from "../icons.js";
import { Appearance } from "./appearance.js";
import { Chats } from "./chats.js";
import { Devices } from "./devices.js";
import { Privacy } from "./privacy.js";
import { Profile } from "./profile.js";
import { Security } from "./security.js";

const SUBJECTS = [
  { name: "profile", icon: "user", view: Profile },
  { name: "privacy", icon: "eye", view: Privacy },
  { name: "appearance", icon: "sun", view: Appearance },
  { name: "chats", icon: "bell", view: Chats },
  { name: "devices", icon: "device", view: Devices },
  { name: "security", icon: "key", view: Security },
];

export function Account({ onClose }) {
  const [open, setOpen] = useState("profile");
  const { view: View } = SUBJECTS.find(({ name }) => name === open);
  return html`
    <${Dialog} title=${t("account.title")} onClose=${onClose} testid="account-dialog" wide>
      <div class="account">
        <nav class="account-nav" aria-label=${t("account.title")}>
          <ul>
            ${SUBJECTS.map(({ name, icon }) => html`
              <li key=${name}>
                <button type="button" class="account-link" data-testid=${`account-${name}`}
                  aria-current=${open === name ? "page" : null} onClick=${() => setOpen(name)}>
                  <${Icon} name=${icon} size="18" /> ${t(`account.${name}`)}
                </button>
              </li>`)}
          </ul>
        </nav>
        <section key=${open} class="account-subject" aria-label=${t(`account.${open}`)}>
          <${View} />
        </section>
      </div>
    <//>`;
}
