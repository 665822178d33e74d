// A group in one dialog: what it is, who is in it, how it works, and the ways out.

import { t } from "../../i18n.js";
import { html, useEffect, useState } from "../../lib/ui.js";
import { useStore } from "../../lib/use-store.js";
import { leads, loadMembers } from "../../members.js";
import { titleOf } from "../../people.js";
import { lifetime } from "../../preview.js";
import { Dialog } from "../dialog.js";
import { Face } from "../face.js";
import { AddMembers } from "./add-members.js";
import { Leaving } from "./leaving.js";
import { Members } from "./members.js";
import { GroupSettings } from "./settings.js";

function Head({ conversation }) {
  const facts = [
    t("group.members", { count: conversation.member_count ?? 0 }),
    conversation.post_policy === "ADMINS" && t("group.announcing"),
    conversation.expiry_seconds && t("group.expires", { duration: lifetime(conversation.expiry_seconds) }),
  ].filter(Boolean);
  return html`
    <div class="profile-head">
      <${Face} conversation=${conversation} />
      <div>
        <p class="profile-name" dir="auto" data-testid="group-name">${titleOf(conversation)}</p>
        <p class="profile-ids">${facts.map((fact) => html`<span key=${fact}>${fact}</span>`)}</p>
      </div>
    </div>
    ${conversation.description && html`
      <p class="profile-bio" dir="auto" data-testid="group-description">${conversation.description}</p>`}`;
}

export function GroupDialog({ id, onClose }) {
  const conversation = useStore((store) => store.entries.get(id)?.conversation);
  const [page, setPage] = useState("members");
  useEffect(() => { loadMembers(id).catch(() => {}); }, [id]);
  useEffect(() => { if (!conversation) onClose(); }, [conversation]);
  if (!conversation || conversation.me?.left_at) return null;
  if (page === "add" && leads(conversation.me)) {
    return html`
      <${Dialog} key="add" title=${t("group.add")} onClose=${onClose} onBack=${() => setPage("members")} testid="group-info">
        <${AddMembers} id=${id} onDone=${() => setPage("members")} /><//>`;
  }
  const pages = ["members", leads(conversation.me) && "settings", "leaving"].filter(Boolean);
  const open = pages.includes(page) ? page : "members";
  return html`
    <${Dialog} key="group" title=${t("group.about")} onClose=${onClose} testid="group-info">
      <${Head} conversation=${conversation} />
      <nav class="segments" aria-label=${t("group.about")}>
        ${pages.map((name) => html`
          <button key=${name} type="button" class="segment" aria-current=${name === open ? "page" : null}
            data-testid=${`group-${name}`} onClick=${() => setPage(name)}>${t(`group.page_${name}`)}</button>`)}
      </nav>
      ${open === "members" && html`<${Members} conversation=${conversation} onAdd=${() => setPage("add")} onTalk=${onClose} />`}
      ${open === "settings" && html`<${GroupSettings} conversation=${conversation} />`}
      ${open === "leaving" && html`<${Leaving} conversation=${conversation} onClose=${onClose} />`}
    <//>`;
}
