// The page's beginning: words first, then the question whether somebody is logged in, then the screens.

import { setLanguage, t } from "./i18n.js";
import { backoff, sleep } from "./lib/backoff.js";
import { html, render, useErrorBoundary } from "./lib/ui.js";
import { useLanguage, useSession } from "./lib/use-store.js";
import { refresh, session } from "./session.js";
import { followSession } from "./sync.js";
import { Auth } from "./views/auth.js";
import { forgetDrafts } from "./views/composer.js";
import { Icon } from "./views/icons.js";
import { Shell } from "./views/shell.js";

function Splash() {
  return html`
    <div class="splash" role="status">
      <${Icon} name="mark" size="48" /><p class="visually-hidden">${t("app.starting")}</p>
    </div>`;
}

function App() {
  useLanguage();
  const status = useSession((current) => current.status);
  const [error] = useErrorBoundary((problem) => console.error(problem));
  if (error) {
    return html`
      <div class="splash" role="alert">
        <p>${t("app.broken")}</p>
        <button type="button" class="button" onClick=${() => location.reload()}>${t("app.reload")}</button>
      </div>`;
  }
  if (status === "unknown") return html`<${Splash} />`;
  return status === "in" ? html`<${Shell} />` : html`<${Auth} />`;
}

/** A reload stays logged in by the cookie. A server that cannot be reached is no reason to log anybody out. */
async function restore() {
  for (let attempt = 0; session.status === "unknown"; attempt += 1) {
    try {
      await refresh();
    } catch {
      if (session.status === "unknown") await sleep(backoff(attempt, { cap: 10_000 }));
    }
  }
}

await setLanguage();
session.subscribe(() => session.status === "out" && forgetDrafts());
followSession();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
await restore();
