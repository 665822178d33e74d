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
  contacts: "M6.5 3.8h10a2 2 0 0 1 2 2v12.4a2 2 0 0 1-2 2h-10a1 1 0 0 1-1-1V4.800a1 1 0 0 1 1-1z M12 11.200a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.400z M8.3 16.300c.4-1.9 1.8-3 3.7-3s3.3 1.1 3.7 3 M3.5 8h2 M3.5 12h2 M3.5 16h2",
  user: "M12 11.500a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.600z M4.8 20c.6-3.5 3.5-5.5 7.2-5.500s6.6 2 7.2 5.5",
  eye: "M2.8 12c2-3.7 5.3-5.8 9.2-5.800s7.2 2.1 9.2 5.800c-2 3.7-5.3 5.8-9.2 5.800S4.8 15.7 2.8 12z M12 14.600a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.200z",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M12 2.800v2 M12 19.200v2 M2.8 12h2 M19.2 12h2 M5.5 5.500l1.4 1.4 M17.1 17.100l1.4 1.4 M18.5 5.500l-1.4 1.4 M6.9 17.100l-1.4 1.4",
  bell: "M6.5 16.500v-5.800a5.5 5.5 0 0 1 11 0v5.800l1.5 1.500H5z M10 20.500h4",
  device: "M5 4.500h14a1 1 0 0 1 1 1v9.500a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5.500a1 1 0 0 1 1-1z M9 20h6 M12 16v4",
  key: "M8 16.800a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.600z M11.2 11.2 19.5 5 M16 7.700l2.3 2.8",
  block: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z M6.4 6.400l11.2 11.2",
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
