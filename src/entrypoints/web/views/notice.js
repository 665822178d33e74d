// A short message at the edge of the screen. An open dialog shows it too: what lies behind one is out of reach.

import { t } from "../i18n.js";
import { html } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { set } from "../store.js";
import { Icon } from "./icons.js";

export function Notice() {
  const notice = useStore((store) => store.notice);
  return html`
    <div class="notices" role="status">
      ${notice && html`
        <p key=${notice.id} class=${`notice notice-${notice.tone}`}>
          <span>${notice.text}</span>
          <button type="button" class="icon-button" aria-label=${t("action.close")} onClick=${() => set({ notice: null })}>
            <${Icon} name="close" size="16" /></button>
        </p>`}
    </div>`;
}
