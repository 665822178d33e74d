// Who is in a group and as what; what this person may do to each of them is offered, and nothing else.

import { startDirect } from "../../actions.js";
import { t } from "../../i18n.js";
import { dayAndTime } from "../../lib/time.js";
import { html, useState } from "../../lib/ui.js";
import { useSession, useStore } from "../../lib/use-store.js";
import { changeMember, leads, loadMembers, powers, removeMember, transfer } from "../../members.js";
import { nameOfUser } from "../../people.js";
import { isSilenced, MUTES, until } from "../../places.js";
import { notify } from "../../store.js";
import { Avatar } from "../avatar.js";
import { Icon } from "../icons.js";
import { Menu } from "../menu.js";
import { problemText } from "../problem.js";

const complain = (error) => notify(problemText(error), "problem");
const FOR_EVER = "9999";

function standing(member) {
  const role = t(`role.${member.role}`);
  if (!isSilenced(member)) return role;
  const end = member.silenced_until.startsWith(FOR_EVER)
    ? t("group.silenced") : t("group.silenced_until", { when: dayAndTime(member.silenced_until) });
  return member.role === "MEMBER" ? end : `${role} · ${end}`;
}

function MemberMenu({ conversation, member, anchor, onAsk, onTalk, onClose }) {
  const [page, setPage] = useState("first");
  const { id, me } = conversation;
  const name = nameOfUser(member.user);
  const may = powers(me, member);
  const change = (fields) => () => changeMember(id, member.user.id, fields).catch(complain);
  const first = [
    { label: t("contacts.talk"), icon: "compose", testid: "member-talk", onPick: () => startDirect(member.user).then(onTalk, complain) },
    may.promote && { label: t("group.promote"), icon: "key", testid: "promote", onPick: change({ role: "ADMIN" }) },
    may.demote && { label: t("group.demote"), icon: "user", testid: "demote", onPick: change({ role: "MEMBER" }) },
    may.silence && (isSilenced(member)
      ? { label: t("group.unsilence"), icon: "bell", testid: "unsilence", onPick: change({ silenced_until: null }) }
      : { label: t("group.silence"), icon: "mute", testid: "silence", onPick: () => setPage("silence"), stays: true }),
    may.transfer && { label: t("group.transfer"), icon: "forward", testid: "transfer", onPick: () => onAsk("transfer", member) },
    may.remove && { label: t("group.expel"), icon: "trash", danger: true, testid: "expel", onPick: () => onAsk("expel", member) },
  ];
  const times = MUTES.map(({ name: time, seconds }) => ({
    label: t(`group.silence_${time}`), icon: "clock", testid: `silence-${time}`,
    onPick: () => change({ silenced_until: until(seconds) })(),
  }));
  return html`
    <${Menu} anchor=${anchor} name=${page} label=${t("group.member_actions", { name })} testid="member-menu"
      items=${page === "silence" ? times : first} onClose=${onClose} />`;
}

const QUESTIONS = { transfer: transfer, expel: removeMember };

/** Before what cannot simply be taken back. */
function Ask({ id, kind, member, onClose }) {
  const [error, setError] = useState(null);
  const name = nameOfUser(member.user);
  const run = () => QUESTIONS[kind](id, member.user.id).then(onClose, setError);
  return html`
    <div class="going" role="group" aria-label=${t(`group.${kind}`)}>
      <p>${t(`group.${kind}_question`, { name })}</p>
      <p class="form-problem" role="alert">${error && problemText(error)}</p>
      <footer class="dialog-foot">
        <button type="button" class="button" ref=${(button) => button?.focus()} onClick=${onClose}>${t("action.cancel")}</button>
        <button type="button" class="button button-danger" data-testid=${`${kind}-confirm`} onClick=${run}>
          ${t(`group.${kind}`)}</button>
      </footer>
    </div>`;
}

export function Members({ conversation, onAdd, onTalk }) {
  const { id, me } = conversation;
  const members = useStore((store) => store.members.get(id));
  const myId = useSession((session) => session.user?.id);
  useStore((store) => store.contacts);
  const [menu, setMenu] = useState(null);
  const [asking, setAsking] = useState(null);
  if (asking) return html`<${Ask} id=${id} ...${asking} onClose=${() => setAsking(null)} />`;
  return html`
    ${leads(me) && html`
      <button type="button" class="button" data-testid="add-members" onClick=${onAdd}><${Icon} name="plus" size="18" /> ${t("group.add")}</button>`}
    ${!members && html`
      <p class="list-note" role="status">${t("settings.loading")}
        <button type="button" class="link" onClick=${() => loadMembers(id).catch(complain)}>${t("action.retry")}</button></p>`}
    <ul class="people people-plain" aria-label=${t("group.page_members")}>
      ${(members ?? []).map((member) => {
        const self = member.user.id === myId;
        const name = self ? t("person.you") : nameOfUser(member.user);
        return html`
          <li key=${member.user.id} class="person person-still" data-testid="member" data-role=${member.role}>
            <${Avatar} id=${member.user.id} name=${nameOfUser(member.user)} url=${member.user.avatar_url} />
            <span class="person-name" dir="auto">${name}</span>
            <span class=${isSilenced(member) ? "person-handle person-silenced" : "person-handle"}>${standing(member)}</span>
            ${!self && html`
              <button type="button" class="icon-button person-mark" data-testid="member-more" aria-haspopup="menu"
                aria-label=${t("group.member_actions", { name })} title=${t("group.member_actions", { name })}
                onClick=${(event) => setMenu({ member, anchor: event.currentTarget })}><${Icon} name="more" size="18" /></button>`}
          </li>`;
      })}
    </ul>
    ${menu && html`
      <${MemberMenu} key=${menu.member.user.id} ...${menu} conversation=${conversation} onTalk=${onTalk}
        onAsk=${(kind, member) => setAsking({ kind, member })} onClose=${() => setMenu(null)} />`}`;
}
