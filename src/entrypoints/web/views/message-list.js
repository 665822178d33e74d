// The scrolling part of a conversation, and what is done to the messages in it.

import { jumpTo, loadNewest, loadOlder } from "../actions.js";
import { toggleReaction } from "../deeds.js";
import { language, t } from "../i18n.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/ui.js";
import { useSession, useStore } from "../lib/use-store.js";
import { need } from "../people.js";
import { set, store } from "../store.js";
import { thread } from "../threads.js";
import { Icon } from "./icons.js";
import { complain, MessageMenu } from "./message-menu.js";
import { rows } from "./message-rows.js";
import { usePlace } from "./reading-place.js";

/** Where "new messages" begins: fixed when the conversation is opened, so that reading does not move it. */
function useDivider(conversation, held, myId) {
  const read = useRef(undefined);
  if (read.current === undefined && conversation?.me && conversation.me.last_read_sequence !== undefined) {
    read.current = store.entries.get(conversation.id).unread_count > 0 ? conversation.me.last_read_sequence : null;
  }
  return useMemo(() => {
    if (read.current === null || read.current === undefined) return null;
    return held.items.find((one) => one.seq_id > read.current && one.sender_id !== myId && one.type !== "SYSTEM")?.id ?? null;
  }, [held.loaded]);
}

/** Arrow keys go from message to message, so that Tab does not have to pass every one of them. */
function onListKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("[data-testid=message-more]")) return;
  const buttons = [...event.currentTarget.querySelectorAll("[data-testid=message-more]")];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

export function MessageList({ id, canWrite }) {
  const held = useStore(() => thread(id));
  const pending = useStore((state) => state.pending);
  const conversation = useStore((state) => state.entries.get(id)?.conversation);
  const unread = useStore((state) => state.entries.get(id)?.unread_count ?? 0);
  const people = useStore((state) => state.people);
  const myId = useSession((session) => session.user?.id);
  const divider = useDivider(conversation, held, myId);
  const group = conversation?.type === "GROUP";
  const receipts = conversation?.receipts ?? null;
  const jump = useStore((state) => (state.jump?.id === id ? state.jump : null));
  const [picked, setPicked] = useState(null);
  // The same functions every time, or every row would be rendered again.
  const acts = useMemo(() => ({
    onMenu: (message, anchor) => setPicked({ message, anchor }),
    onJump: (messageId) => jumpTo(id, messageId).catch(complain),
    onReact: (message, code) => toggleReaction(message, code).catch(complain),
  }), [id]);
  const contents = useMemo(() => {
    const waiting = pending.filter((one) => one.conversation_id === id)
      .map((one) => ({ ...one, type: "TEXT", sender_id: myId }));
    const messages = held.hasAfter ? held.items : [...held.items, ...waiting];
    return rows({ messages, myId, group, receipts, divider, acts });
  }, [held.items, pending, people, group, receipts, divider, language()]);
  const { list, atBottom, onScroll, toBottom, goTo } = usePlace(id, contents, divider);
  useLayoutEffect(() => {
    if (jump && goTo(jump.messageId)) set({ jump: null });
  }, [jump, contents]);
  // What one writes is seen going: the end of the conversation has to be there for that.
  useEffect(() => {
    if (held.hasAfter && pending.some((one) => one.conversation_id === id)) toBottom();
  }, [pending]);
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
        <ol class="messages" onKeyDown=${onListKey}>${contents}</ol>
      </div>
      ${picked && html`
        <${MessageMenu} key=${picked.message.id} ...${picked} conversation=${conversation} canWrite=${canWrite}
          onClose=${() => setPicked(null)} />`}
      ${(!atBottom || held.hasAfter) && html`
        <button type="button" class="to-bottom" data-testid="to-bottom" onClick=${toBottom}
          aria-label=${unread ? t("thread.to_new", { count: unread }) : t("thread.to_bottom")}>
          <${Icon} name="down" />${unread > 0 && html`<span class="badge" aria-hidden="true">${unread > 99 ? "99+" : unread}</span>`}
        </button>`}
    </div>`;
}
