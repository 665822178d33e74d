// A message in one line: for the list of conversations, for announcements, and for what the system says.

import { listOf, t } from "./i18n.js";
import { nameOf, need } from "./people.js";
import { session } from "./session.js";

function whom(id) {
  return id === session.user?.id ? t("person.you_object") : nameOf(id);
}

function several(ids) {
  const shown = ids.slice(0, 3).map(whom);
  if (ids.length > 3) shown.push(t("system.others", { count: ids.length - 3 }));
  return listOf(shown);
}

export function lifetime(seconds) {
  if (!seconds) return "";
  if (seconds % 86_400 === 0) return t("duration.days", { count: seconds / 86_400 });
  if (seconds % 3_600 === 0) return t("duration.hours", { count: seconds / 3_600 });
  if (seconds % 60 === 0) return t("duration.minutes", { count: seconds / 60 });
  return t("duration.seconds", { count: seconds });
}

/** What I did has sentences of its own: most languages change the verb with who acts. */
function told(event, message, values = {}) {
  const mine = message.sender_id === session.user?.id;
  return t(`system.${event}${mine ? "_me" : ""}`, { actor: nameOf(message.sender_id), ...values });
}

export function systemText(message) {
  const data = message.metadata ?? {};
  need([message.sender_id, data.user_id, ...(data.user_ids ?? [])]);
  switch (data.event) {
    case "members_added":
      return told(data.event, message, { people: several(data.user_ids ?? []) });
    case "member_removed":
    case "ownership_transferred":
      return told(data.event, message, { person: whom(data.user_id) });
    case "role_changed":
      return told(data.event, message, { person: whom(data.user_id), role: t(`role.${data.role}`) });
    case "subject_changed":
      return told(data.event, message, { subject: data.subject ?? "" });
    case "expiry_changed":
      return data.seconds ? told(data.event, message, { duration: lifetime(data.seconds) }) : told("expiry_off", message);
    case "group_created":
    case "member_left":
      return told(data.event, message);
    default:
      return message.content || message.preview || t("system.updated");
  }
}

/** Works on a Message and on the short form that lists carry. */
export function previewText(message) {
  if (message.deleted || message.deleted_at) return t("message.deleted");
  if (message.type === "SYSTEM") return systemText(message);
  const text = (message.preview ?? message.content ?? "").replace(/\s+/g, " ").trim();
  if (text) return text;
  return message.type === "TEXT" ? "" : t(`type.${message.type}`);
}

/** The short form of a message, as lists carry it; metadata stays so that system messages can be told. */
export function brief(message) {
  return {
    id: message.id, seq_id: message.seq_id, sender_id: message.sender_id, type: message.type,
    preview: (message.content ?? "").slice(0, 140), metadata: message.metadata ?? null,
    created_at: message.created_at, deleted: Boolean(message.deleted_at),
    expires_at: message.expires_at ?? null,
  };
}

/** A message as an answer shows it. */
export function previewOf({ id, sender_id: senderId, type, content, deleted_at: deletedAt }) {
  return { id, sender_id: senderId, type, content: (content ?? "").slice(0, 140), deleted: Boolean(deletedAt) };
}
