// A message in one line: for the list of conversations, for announcements, and for what the system says.

import { listOf, t } from "./i18n.js";
import { nameOf, need } from "./people.js";
import { session } from "./session.js";

function who(id) {
  return id === session.user?.id ? t("person.you") : nameOf(id);
}

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

export function systemText(message) {
  const data = message.metadata ?? {};
  need([message.sender_id, data.user_id, ...(data.user_ids ?? [])]);
  const actor = who(message.sender_id);
  switch (data.event) {
    case "members_added":
      return t("system.members_added", { actor, people: several(data.user_ids ?? []) });
    case "member_removed":
    case "ownership_transferred":
      return t(`system.${data.event}`, { actor, person: whom(data.user_id) });
    case "role_changed":
      return t("system.role_changed", { actor, person: whom(data.user_id), role: t(`role.${data.role}`) });
    case "subject_changed":
      return t("system.subject_changed", { actor, subject: data.subject ?? "" });
    case "expiry_changed":
      return data.seconds
        ? t("system.expiry_changed", { actor, duration: lifetime(data.seconds) })
        : t("system.expiry_off", { actor });
    case "group_created":
    case "member_left":
      return t(`system.${data.event}`, { actor });
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
  };
}
