// Who is in a group, as far as somebody has looked; and what I do to the group and to them.

import { api } from "./api.js";
import { need } from "./people.js";
import { session } from "./session.js";
import { patchEntry, putConversation, putPeople, set, store } from "./store.js";

const RANKS = { OWNER: 3, ADMIN: 2, MEMBER: 1 };
const PAGES = 20; // of a hundred each; beyond that a list is of no use to a person

function keep(id, members) {
  set({ members: new Map(store.members).set(id, members) });
}

function byRankThenJoining(a, b) {
  return RANKS[b.role] - RANKS[a.role] || (a.joined_at < b.joined_at ? -1 : 1);
}

export async function loadMembers(id) {
  const members = [];
  let cursor;
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await api.members(id, cursor);
    members.push(...answer.items);
    putPeople(answer.items.map((member) => member.user));
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  keep(id, members);
}

/** Something happened to the members: whoever looks at them sees them fresh. */
export function membersChanged(id) {
  if (store.members.has(id)) loadMembers(id).catch(() => {});
}

function change(id, userId, fields) {
  const members = store.members.get(id);
  if (!members) return;
  const changed = members.map((one) => (one.user.id === userId ? { ...one, ...fields } : one));
  keep(id, changed.sort(byRankThenJoining));
}

function changeMyself(id, fields) {
  const { conversation } = store.entries.get(id);
  patchEntry(id, { conversation: { ...conversation, me: { ...conversation.me, ...fields } } });
}

export function memberUpdated(id, { user_id: userId, role, silenced_until: silenced }) {
  const fields = { role, silenced_until: silenced ?? null };
  change(id, userId, fields);
  if (userId === session.user?.id) changeMyself(id, fields);
}

export function memberGone(id, userId) {
  const { conversation } = store.entries.get(id);
  patchEntry(id, { conversation: { ...conversation, member_count: Math.max(0, conversation.member_count - 1) } });
  const members = store.members.get(id);
  if (members) keep(id, members.filter((one) => one.user.id !== userId));
}

export function membersCame(id, ids) {
  const { conversation } = store.entries.get(id);
  need(ids);
  patchEntry(id, { conversation: { ...conversation, member_count: conversation.member_count + ids.length } });
  membersChanged(id);
}

// What the viewer may do -------------------------------------------------------------------------------------------

export const leads = (me) => RANKS[me?.role] >= RANKS.ADMIN && !me.left_at;
export const owns = (me) => me?.role === "OWNER" && !me.left_at;
const above = (me, member) => RANKS[me?.role] > RANKS[member.role];

/** What I may do to this member: only that is offered. */
export function powers(me, member) {
  const over = leads(me) && above(me, member);
  return {
    promote: owns(me) && member.role === "MEMBER", demote: owns(me) && member.role === "ADMIN",
    transfer: owns(me) && member.role !== "OWNER", silence: over, remove: over,
  };
}

/** Who becomes owner when I go and name nobody. */
export function nextOwner(id) {
  const others = (store.members.get(id) ?? []).filter((one) => one.role !== "OWNER");
  return [...others].sort(byRankThenJoining)[0] ?? null;
}

// Doing it ---------------------------------------------------------------------------------------------------------

/** Gives the people who could not be added. */
export async function addMembers(id, users) {
  const { not_added: refused } = await api.addMembers(id, users.map((user) => user.id));
  await loadMembers(id).catch(() => {});
  return users.filter((user) => (refused ?? []).includes(user.id));
}

export async function changeMember(id, userId, fields) {
  const member = await api.changeMember(id, userId, fields);
  change(id, userId, { role: member.role, silenced_until: member.silenced_until });
}

export async function removeMember(id, userId) {
  await api.removeMember(id, userId);
  membersChanged(id);
}

export async function transfer(id, userId) {
  putConversation(await api.transfer(id, userId));
  membersChanged(id);
}

export async function updateGroup(id, fields) {
  putConversation(await api.updateConversation(id, fields));
}
