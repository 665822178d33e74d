// Where the reader is in a conversation: kept while older messages come in above and new ones below, and told to the
// server as far as they have been on the screen.

import { loadNewer, loadNewest, loadOlder } from "../actions.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../lib/ui.js";
import { read } from "../receipts.js";
import { thread } from "../threads.js";

const NEAR_BOTTOM = 60;
const NEAR_TOP = 240;

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
export function usePlace(id, contents, dividerKey) {
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
    // The end of what is loaded is not the end while there is more to load.
    const bottom = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_BOTTOM && !thread(id).hasAfter;
    const rows = [...element.querySelectorAll("[data-key]")];
    const anchor = rows.find((row) => row.offsetTop + row.offsetHeight > element.scrollTop);
    Object.assign(place.current, {
      bottom, anchor: anchor ?? null, offset: anchor ? anchor.offsetTop - element.scrollTop : 0,
    });
    setAtBottom(bottom);
  }

  function onScroll() {
    remember();
    const { scrollTop, scrollHeight, clientHeight } = list.current;
    if (scrollTop < NEAR_TOP) loadOlder(id);
    if (scrollHeight - scrollTop - clientHeight < NEAR_TOP) loadNewer(id);
    markRead();
  }

  useLayoutEffect(() => {
    const element = list.current;
    const { bottom, anchor, offset, started } = place.current;
    const divider = !started && element.querySelector(".divider");
    if (divider) element.scrollTop = Math.max(0, divider.offsetTop - 80);
    else if (bottom || (!anchor?.isConnected && !thread(id).hasAfter)) element.scrollTop = element.scrollHeight;
    else if (anchor?.isConnected) element.scrollTop = anchor.offsetTop - offset;
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
    if (thread(id).hasAfter) {
      Object.assign(place.current, { bottom: true, anchor: null });
      loadNewest(id, { end: true });
      return;
    }
    place.current.bottom = true;
    list.current.scrollTop = list.current.scrollHeight;
    remember();
  }

  /** Brings a message into the middle and shows for a moment which it is. False while it is not there. */
  function goTo(messageId) {
    const row = list.current.querySelector(`[data-id="${CSS.escape(messageId)}"]`);
    if (!row) return false;
    list.current.scrollTop = row.offsetTop - (list.current.clientHeight - row.offsetHeight) / 2;
    remember();
    row.classList.add("message-found");
    row.addEventListener("animationend", () => row.classList.remove("message-found"), { once: true });
    row.querySelector("[data-testid=message-more]")?.focus({ preventScroll: true });
    return true;
  }

  return { list, atBottom, onScroll, toBottom, goTo };
}
