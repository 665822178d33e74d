// Writing, being told of messages, and what is fetched unasked.

import { t } from "../../i18n.js";
import { html, useState } from "../../lib/ui.js";
import { useStore } from "../../lib/use-store.js";
import { Choice, Switch, WithSettings } from "../choices.js";

/** The browser asks only once, and only after a click. */
function Permission() {
  const wanted = useStore((store) => store.settings?.notifications_enabled);
  const [state, setState] = useState(globalThis.Notification?.permission ?? "missing");
  if (!wanted || state === "granted" || state === "missing") return null;
  if (state === "denied") return html`<p class="field-note" role="status">${t("chats.permission_denied")}</p>`;
  return html`
    <button type="button" class="button" onClick=${() => Notification.requestPermission().then(setState)}>
      ${t("chats.permission_ask")}</button>`;
}

export function Chats() {
  const sounds = [["default", t("chats.sound_default")], ["none", t("chats.sound_none")]];
  return html`
    <${WithSettings}>
      <h3>${t("chats.writing")}</h3>
      <${Switch} name="enter_to_send" label=${t("chats.enter_to_send")} hint=${t("chats.enter_to_send_hint")} />
      <h3>${t("chats.notifications")}</h3>
      <${Switch} name="notifications_enabled" label=${t("chats.notifications_enabled")} />
      <${Permission} />
      <${Choice} name="notification_sound" label=${t("chats.sound")} options=${sounds} />
      <${Switch} name="notification_vibrate" label=${t("chats.vibrate")} />
      <h3>${t("chats.media")}</h3>
      <${Switch} name="media_auto_download_wifi" label=${t("chats.media_wifi")} />
      <${Switch} name="media_auto_download_mobile" label=${t("chats.media_mobile")} />
    <//>`;
}
