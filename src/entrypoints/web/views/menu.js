// A menu at the button that opened it. The browser's popover puts it above everything, dialogs too, and closes it on
// Escape and on a press elsewhere.

import { html, useLayoutEffect, useRef } from "../lib/ui.js";
import { Icon } from "./icons.js";

const EDGE = 8;

function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const ends = getComputedStyle(anchor).direction === "rtl" ? at.left : at.right - width;
  const below = at.bottom + 4 + height <= innerHeight - EDGE;
  menu.style.left = `${Math.max(EDGE, Math.min(ends, innerWidth - width - EDGE))}px`;
  menu.style.top = `${Math.max(EDGE, below ? at.bottom + 4 : at.top - 4 - height)}px`;
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function onKeyDown(event) {
  // Escape closes the menu and nothing behind it; the browser does that.
  event.stopPropagation();
  const items = [...event.currentTarget.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement);
  const next = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1
    : (at + (STEPS[event.key] ?? NaN) + items.length) % items.length;
  if (!items[next]) return;
  event.preventDefault();
  items[next].focus();
}

/**
 * `items` are {label, icon, onPick, danger, stays, testid}, and what is falsy is left out; `lead` stands above them.
 * `name` tells one page of the menu from the next, which gets the focus anew.
 */
export function Menu({ anchor, label, items, lead, name, testid, onClose }) {
  const element = useRef(null);
  useLayoutEffect(() => {
    const menu = element.current;
    menu.showPopover();
    const onToggle = (event) => event.newState === "closed" && onClose();
    const onMove = () => menu.hidePopover();
    menu.addEventListener("toggle", onToggle);
    window.addEventListener("resize", onMove);
    return () => {
      menu.removeEventListener("toggle", onToggle);
      window.removeEventListener("resize", onMove);
      if (menu.matches(":popover-open")) menu.hidePopover();
    };
  }, []);
  useLayoutEffect(() => {
    place(element.current, anchor);
    element.current.querySelector("button")?.focus({ preventScroll: true });
  }, [name]);

  function pick({ onPick, stays }) {
    // Closing first gives the focus back to the button, so that what opens next can take it from there.
    if (!stays) {
      element.current.hidePopover();
      if (anchor.isConnected) anchor.focus({ preventScroll: true });
    }
    onPick();
  }

  return html`
    <div ref=${element} popover="auto" class="menu" role="menu" aria-label=${label} data-testid=${testid} onKeyDown=${onKeyDown}>
      ${lead}
      ${items.filter(Boolean).map((item) => html`
        <button key=${item.label} type="button" role="menuitem" tabindex="-1" data-testid=${item.testid}
          class=${item.danger ? "menu-item menu-item-danger" : "menu-item"} onClick=${() => pick(item)}>
          <${Icon} name=${item.icon} size="18" /><span>${item.label}</span></button>`)}
    </div>`;
}
