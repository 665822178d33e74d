// Line icons drawn on a 24-unit grid. They decorate: the words are always in the button's label.

import { html } from "../lib/ui.js";

const PATHS = {
  mark: "M4.5 6.5a2 2 0 0 1 2-2h11a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-6l-4.2 3.6a.5.5 0 0 1-.8-.4v-3.2a2 2 0 0 1-2-2z M8.4 10h.01 M12 10h.01 M15.6 10h.01",
  compose: "M12 20h8 M4 20l1-4L16.2 4.8a1.9 1.9 0 0 1 2.7 0l.3.3a1.9 1.9 0 0 1 0 2.7L8 19z",
  group: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M2.5 19.5c.6-3.2 3.2-5 6.5-5s5.9 1.8 6.5 5 M16 4.8a3.4 3.4 0 0 1 0 6.4 M18.3 14.9c1.7.8 2.8 2.4 3.2 4.6",
  logout: "M14 4.5H7a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h7 M10.5 12H20 M16.5 8.5 20 12l-3.5 3.5",
  back: "M14.5 5.5 8 12l6.5 6.5",
  send: "M5 12h13 M12.5 5.8 18.8 12l-6.3 6.2",
  down: "M12 5v13 M6 12.5l6 6 6-6",
  close: "M6 6l12 12 M18 6 6 18",
  search: "M10.8 17a6.2 6.2 0 1 0 0-12.4 6.2 6.2 0 0 0 0 12.4z M15.3 15.3 20 20",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z M12 7.8V12l2.6 1.8",
  alert: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z M12 8v4.6 M12 15.9h.01",
  check: "M5.5 12.8 9.7 17 18.5 7.5",
  checks: "M2.5 12.8 6.7 17l8.8-9.5 M11.2 16.2l.8.8 8.8-9.5",
  file: "M13.5 3.8H7.5a2 2 0 0 0-2 2v12.4a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2V8.8z M13.5 3.8v5h5",
  bookmark: "M7 4.5h10a1 1 0 0 1 1 1v14l-6-4-6 4v-14a1 1 0 0 1 1-1z",
};

const POINTING = new Set(["back", "send", "logout"]);

export function Icon({ name, size = 20 }) {
  // What points forward or back points the other way in languages that run right to left.
  const turns = POINTING.has(name) ? "icon icon-turns" : "icon";
  return html`
    <svg class=${turns} width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d=${PATHS[name]} />
    </svg>`;
}
