// Whether one may write in a conversation now, and if not, the words for why.

import { t } from "../i18n.js";
import { isSilenced } from "../places.js";
import { store } from "../store.js";

export function blockedBecause({ me, post_policy: policy, type, peer }) {
  if (!me) return null;
  if (type === "DM" && (store.people.get(peer?.id) ?? peer)?.is_blocked) return t("composer.blocked");
  if (me.left_at) return t("composer.left");
  if (type === "GROUP" && isSilenced(me)) return t("composer.silenced");
  if (policy === "ADMINS" && me.role === "MEMBER") return t("composer.admins_only");
  return null;
}
