// Somebody is here, or was: words for the head of a conversation, a dot for the list. Hidden is not shown at all.

import { t } from "../i18n.js";
import { daysSince, dayLabel, timeOfDay } from "../lib/time.js";
import { html, useEffect, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { presenceOf } from "../presence.js";

const MINUTE_MS = 60_000;

function lastSeen(iso) {
  const time = timeOfDay(iso);
  if (Date.now() - Date.parse(iso) < MINUTE_MS) return t("presence.just_now");
  const days = daysSince(iso);
  if (days <= 0) return t("presence.today", { time });
  if (days === 1) return t("presence.yesterday", { time });
  return t("presence.earlier", { day: dayLabel(iso) });
}

/** The words for a person's presence, or null; they keep up with the clock. */
export function usePresence(id) {
  const presence = useStore(() => presenceOf(id));
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  if (presence?.is_online) return t("presence.online");
  return presence?.last_seen_at ? lastSeen(presence.last_seen_at) : null;
}

export function PresenceDot({ id }) {
  const online = useStore(() => presenceOf(id)?.is_online === true);
  if (!online) return null;
  return html`
    <span class="presence-dot" data-testid="presence-dot"><span class="visually-hidden">${t("presence.online")}</span></span>`;
}
