// How this program looks, and in which language it speaks.

import { languages, t } from "../../i18n.js";
import { html } from "../../lib/ui.js";
import { Choice, WithSettings } from "../choices.js";

const THEMES = ["SYSTEM", "LIGHT", "DARK"];

export function Appearance() {
  return html`
    <${WithSettings}>
      <${Choice} name="theme" label=${t("appearance.theme")}
        options=${THEMES.map((theme) => [theme, t(`appearance.${theme}`)])} />
      <${Choice} name="language" label=${t("appearance.language")}
        options=${languages().map(({ code, name }) => [code, name])} />
    <//>`;
}
