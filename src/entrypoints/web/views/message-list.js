// The scrolling part of a conversation: keeps its place while older messages come in above and new ones below.

import { loadNewest, loadOlder } from "../actions.js";
import { language, t } from "../i18n.js";
import { dayLabel, sameDay } from "../lib/time.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { nameOf, need } from "../people.js";
import { systemText } from "../preview.js";
import { read } from "../receipts.js";
import { person, store } from "../store.js";
import { thread } from "../threads.js";
import { Icon } from "./icons.js";
import { MessageRow } from "./message.js";

const GROUPING_MS = 5 * 60_000;
const NEAR_BOTTOM = 60;
const NEAR_TOP = 240;

function stateOf(message, mine, receipts) {
  if (message.state) return message.state;
  if (!mine) return "received";
  if (receipts && message.seq_id <= receipts.read_up_to) return "read";
  if (receipts && message.seq_id <= receipts.delivered_up_to) return "delivered";
  return "sent";
}

function together(a, b) {
  return a && b && a.type !== "SYSTEM" && b.type !== "SYSTEM" && a.sender_id === b.sender_id
    && Date.parse(b.created_at) - Date.parse(a.created_at) < GROUPING_MS && sameDay(a.created_at, b.created_at);
}

/** The newest message that has been scrolled into view: reading goes as far as that. */
function lastSeen(list) {
  const bottom = list.scrollTop + list.clientHeight + NEAR_BOTTOM;
  const rows = list.querySelectorAll("[data-seq]");
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    if (rows[at].dataset.seq && rows[at].offsetTop + rows[at].offsetHeight <= bottom) return Number(rows[at].dataset.seq);
  }
  return 0;
}

/** Remembers where the reader is and puts them back there after every change of the list. */
function usePlace(id, contents, dividerKey) {
  const list = useRef(null);
  const place = useRef({ bottom: true, anchor: null, offset: 0, started: false });
  const [atBottom, setAtBottom] = useState(true);

  function markRead() {
    if (document.visibilityState !== "visible" || !document.hasFocus() || !list.current) return;
    const seen = lastSeen(list.current);
    if (seen) read(id, seen);
  }

  function remember() {
    const element = list.current;
    const bottom = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_BOTTOM;
    const rows = [...element.querySelectorAll("[data-key]")];
    const anchor = rows.find((row) => row.offsetTop + row.offsetHeight > element.scrollTop);
    Object.assign(place.current, {
      bottom, anchor: anchor ?? null, offset: anchor ? anchor.offsetTop - element.scrollTop : 0,
    });
    setAtBottom(bottom);
  }

  function onScroll() {
    remember();
    if (list.current.scrollTop < NEAR_TOP) loadOlder(id);
    markRead();
  }

  useLayoutEffect(() => {
    const element = list.current;
    const { bottom, anchor, offset, started } = place.current;
    const divider = !started && element.querySelector(".divider");
    if (divider) element.scrollTop = Math.max(0, divider.offsetTop - 80);
    else if (bottom || !anchor?.isConnected) element.scrollTop = element.scrollHeight;
    else element.scrollTop = anchor.offsetTop - offset;
    if (contents.length) place.current.started = true;
    remember();
    markRead();
    // A first page shorter than the screen leaves nothing to scroll, and so nothing to ask for more by.
    if (contents.length && element.scrollHeight <= element.clientHeight) loadOlder(id);
  }, [contents, dividerKey]);

  useEffect(() => {
    const resized = new ResizeObserver(() => {
      if (place.current.bottom) list.current.scrollTop = list.current.scrollHeight;
    });
    resized.observe(list.current);
    window.addEventListener("focus", markRead);
    document.addEventListener("visibilitychange", markRead);
    return () => {
      resized.disconnect();
      window.removeEventListener("focus", markRead);
      document.removeEventListener("visibilitychange", markRead);
    };
  }, [id]);

  function toBottom() {
    place.current.bottom = true;
    list.current.scrollTop = list.current.scrollHeight;
    remember();
  }

  return { list, atBottom, onScroll, toBottom };
}

/** Where "new messages" begins: fixed when the conversation is opened, so that reading does not move it. */
function useDivider(conversation, held, myId) {
  const read = useRef(undefined);
  if (read.current === undefined && conversation?.me && conversation.me.last_read_sequence !== undefined) {
    read.current = store.entries.get(conversation.id).unread_count > 0 ? conversation.me.last_read_sequence : null;
  }
  return useMemo(() => {
    if (read.current === null || read.current === undefined) return null;
    return held.items.find((one) => one.seq_id > read.current && one.sender_id !== myId)?.id ?? null;
  }, [held.loaded]);
}

function rows({ messages, myId, group, receipts, divider }) {
  // Flat, or the keys would count within each little list only and nodes would be made anew on every change above.
  return messages.flatMap((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    const mine = message.sender_id === myId;
    // The same key before and after the answer: what was "sending" turns into "sent" in place.
    const key = mine && message.client_message_id ? message.client_message_id : message.id;
    const parts = [];
    if (!before || !sameDay(before.created_at, message.created_at)) {
      parts.push(html`<li key=${`day-${key}`} class="day"><span>${dayLabel(message.created_at)}</span></li>`);
    }
    if (message.id && message.id === divider) {
      parts.push(html`<li key="divider" class="divider"><span>${t("thread.new_messages")}</span></li>`);
    }
    if (message.type === "SYSTEM") {
      parts.push(html`
        <li key=${key} class="system" data-testid="message" data-id=${message.id} data-seq=${message.seq_id}
          data-state="system" data-key=${message.id}><span dir="auto">${systemText(message)}</span></li>`);
      return parts;
    }
    const sender = person(message.sender_id);
    parts.push(html`
      <${MessageRow} key=${key} message=${message} state=${stateOf(message, mine, receipts)} mine=${mine} group=${group}
        first=${!together(before, message) || message.id === divider}
        last=${!together(message, after) || after.id === divider}
        sender=${nameOf(message.sender_id)} avatarUrl=${sender?.avatar_url}
        language=${language()} />`);
    return parts;
  });
}

export function MessageList({ id }) {
  const held = useStore(() => thread(id));
  const pending = useStore((state) => state.pending);
  const conversation = useStore((state) => state.entries.get(id)?.conversation);
  const unread = useStore((state) => state.entries.get(id)?.unread_count ?? 0);
  const people = useStore((state) => state.people);
  const myId = useSession((session) => session.user?.id);
  const divider = useDivider(conversation, held, myId);
  const group = conversation?.type === "GROUP";
  const receipts = conversation?.receipts ?? null;
  const contents = useMemo(() => {
    const waiting = pending.filter((one) => one.conversation_id === id)
      .map((one) => ({ ...one, type: "TEXT", sender_id: myId }));
    const messages = [...held.items, ...waiting];
    return rows({ messages, myId, group, receipts, divider });
  }, [held.items, pending, people, group, receipts, divider, language()]);
  const { list, atBottom, onScroll, toBottom } = usePlace(id, contents, divider);
  useEffect(() => need(held.items.map((one) => one.sender_id)), [held.items]);
  return html`
    <div class="thread-scroll-frame">
      <div class="thread-scroll" ref=${list} onScroll=${onScroll} tabindex="0" role="region"
        aria-label=${t("thread.messages")} data-testid="messages">
        ${held.hasBefore && html`
          <button type="button" class="button older" data-testid="older" aria-busy=${held.loadingOlder ? "true" : null}
            onClick=${() => loadOlder(id)}>${held.loadingOlder ? t("thread.loading") : t("thread.older")}</button>`}
        ${!held.loaded && held.loading && html`<p class="thread-note" role="status">${t("thread.loading")}</p>`}
        ${!held.loaded && held.failed && html`
          <div class="thread-note"><p>${t("thread.failed")}</p>
            <button type="button" class="button" onClick=${() => loadNewest(id)}>${t("action.retry")}</button></div>`}
        ${held.loaded && contents.length === 0 && html`<p class="thread-note">${t("thread.empty")}</p>`}
        <ol class="messages">${contents}</ol>
      </div>
      ${!atBottom && html`
        <button type="button" class="to-bottom" data-testid="to-bottom" onClick=${toBottom}
          aria-label=${unread ? t("thread.to_new", { count: unread }) : t("thread.to_bottom")}>
          <${Icon} name="down" />${unread > 0 && html`<span class="badge" aria-hidden="true">${unread > 99 ? "99+" : unread}</span>`}
        </button>`}
    </div>`;
}
