// Where I am logged in, and ending it from here.

import { api } from "../../api.js";
import { t } from "../../i18n.js";
import { dayAndTime } from "../../lib/time.js";
import { html, useEffect, useState } from "../../lib/ui.js";
import { logOut } from "../../session.js";
import { notify } from "../../store.js";
import { Confirmed } from "../confirmed.js";
import { problemText } from "../problem.js";

const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];

/** The few words of a user agent that people recognise their device by. */
function deviceName({ user_agent: agent, device_type: type }) {
  const browser = BROWSERS.find(([mark]) => agent?.includes(mark))?.[1];
  const system = SYSTEMS.find((name) => agent?.includes(name));
  return [browser, system].filter(Boolean).join(" · ") || agent || type || t("devices.unknown");
}

function Device({ device, onEnded }) {
  const [busy, setBusy] = useState(false);
  const name = deviceName(device);
  async function end() {
    setBusy(true);
    try {
      await api.endSession(device.id);
      notify(t("devices.ended", { name }));
    } catch (error) {
      if (error.code !== "session_not_found") notify(problemText(error), "problem");
    }
    onEnded();
  }
  return html`
    <li class="device" data-testid="device" data-id=${device.id}>
      <p class="device-name"><bdi>${name}</bdi>
        ${device.is_current && html`<span class="device-here">${t("devices.this")}</span>`}</p>
      <p class="field-note">${t("devices.used", { when: dayAndTime(device.last_used_at) })}
        ${device.ip_address && html` · <bdi>${device.ip_address}</bdi>`}</p>
      ${!device.is_current && html`
        <button type="button" class="button" data-testid="end-session" aria-label=${t("devices.end_named", { name })}
          aria-busy=${busy ? "true" : null} disabled=${busy} onClick=${end}>${t("devices.end")}</button>`}
    </li>`;
}

export function Devices() {
  const [devices, setDevices] = useState(null);
  const [error, setError] = useState(null);
  const load = () => api.sessions().then(({ items }) => setDevices(items), setError);
  useEffect(() => { load(); }, []);
  const leave = () => logOut({ everywhere: true }).catch((problem) => notify(problemText(problem), "problem"));
  // This device first, then the latest used.
  const order = (a, b) => b.is_current - a.is_current || (a.last_used_at < b.last_used_at ? 1 : -1);
  return html`
    <p class="form-problem" role="alert">${error && problemText(error)}</p>
    ${!devices && !error && html`<p class="field-note" role="status">${t("settings.loading")}</p>`}
    <ul class="devices" aria-label=${t("account.devices")}>
      ${devices?.toSorted(order).map((device) => html`<${Device} key=${device.id} device=${device} onEnded=${load} />`)}
    </ul>
    <${Confirmed} label=${t("session.log_out_everywhere")} question=${t("session.everywhere_question")}
      testid="logout-all" onConfirm=${leave} />`;
}
