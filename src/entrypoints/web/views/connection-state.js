// Whether this page hears the server, said quietly while it does and clearly while it does not.

import { socket } from "../connection.js";
import { has, t } from "../i18n.js";
import { html } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";

export function ConnectionState() {
  const { status, stopped } = useStore((store) => store.connection);
  const label = t(`connection.${status}`);
  return html`
    <span class="connection" role="status" data-testid="connection" data-state=${status} data-code=${stopped}>
      <span class="connection-dot" aria-hidden="true"></span>${label}
    </span>`;
}

export function ConnectionBanner() {
  const { status, stopped } = useStore((store) => store.connection);
  if (status !== "offline") return null;
  const reason = stopped && has(`connection.stopped_${stopped}`) ? `connection.stopped_${stopped}`
    : stopped ? "connection.stopped" : "connection.offline_detail";
  return html`
    <div class="banner">
      <span>${t(reason)}</span>
      <button type="button" class="link" onClick=${() => socket.nudge()}>${t("connection.retry")}</button>
    </div>`;
}
