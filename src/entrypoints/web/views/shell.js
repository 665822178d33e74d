// The frame of the page after log-in: two columns when there is room, one at a time when there is not.

import { followAddress, openConversation } from "../actions.js";
import { language, t } from "../i18n.js";
import { html, useEffect, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { Account } from "./account/account.js";
import { Contacts } from "./contacts.js";
import { NewDirect } from "./new-direct.js";
import { NewGroup } from "./new-group.js";
import { Notice } from "./notice.js";
import { Sidebar } from "./sidebar.js";
import { NoThread, ThreadPane } from "./thread-pane.js";

const DIALOGS = { direct: NewDirect, group: NewGroup, account: Account, contacts: Contacts };

/** Says new messages aloud once, for people who do not see them come. */
function Announcer() {
  const announcement = useStore((store) => store.announcement);
  return html`
    <div class="visually-hidden" role="log" aria-live="polite" aria-relevant="additions">
      ${announcement && html`<p key=${announcement.id}>${announcement.text}</p>`}
    </div>`;
}

function muted({ conversation: { me } }) {
  return Boolean(me?.muted_until) && Date.parse(me.muted_until) > Date.now();
}

function Title() {
  const unread = useStore((store) =>
    store.listed.reduce((sum, entry) => sum + (muted(entry) ? 0 : entry.unread_count), 0));
  useEffect(() => {
    document.title = unread ? t("app.title_unread", { count: unread > 99 ? "99+" : unread }) : t("app.name");
    return () => { document.title = t("app.name"); };
  }, [unread, language()]);
  return null;
}

export function Shell() {
  const openId = useStore((store) => store.openId);
  const [dialog, setDialog] = useState(null);
  useEffect(() => {
    followAddress();
    window.addEventListener("popstate", followAddress);
    return () => {
      window.removeEventListener("popstate", followAddress);
      openConversation(null);
    };
  }, []);
  const Open = DIALOGS[dialog];
  return html`
    <div class=${openId ? "shell shell-open" : "shell"}>
      <${Title} />
      <${Sidebar} onDialog=${setDialog} />
      ${openId ? html`<${ThreadPane} key=${openId} id=${openId} />` : html`<${NoThread} />`}
      ${Open && html`<${Open} onClose=${() => setDialog(null)} />`}
      <${Notice} />
      <${Announcer} />
    </div>`;
}
