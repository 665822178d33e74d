// A face, or initials on a colour that stays with the id.

import { api } from "../api.js";
import { html, useEffect, useState } from "../lib/ui.js";
import { Icon } from "./icons.js";

const TONES = 8;
const pictures = new Map(); // address → promise of an object URL, or of null

/** Pictures need the access token, which an <img> cannot send: they are fetched and shown as blobs. */
function picture(url) {
  if (!pictures.has(url)) {
    pictures.set(url, api.picture(url).then((blob) => URL.createObjectURL(blob), () => null));
  }
  return pictures.get(url);
}

function tone(id) {
  let sum = 0;
  for (const letter of id ?? "") sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return sum % TONES;
}

function initials(name) {
  const words = (name ?? "").trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0].toLocaleUpperCase()).join("") || "?";
}

export function Avatar({ id, name, url, icon, small }) {
  const [source, setSource] = useState(null);
  useEffect(() => {
    setSource(null);
    // Only addresses of this server: the page's policy would refuse any other.
    if (!url?.startsWith("/")) return undefined;
    let current = true;
    picture(url).then((found) => current && setSource(found));
    return () => { current = false; };
  }, [url]);
  const classes = `avatar tone-${tone(id)} ${small ? "avatar-small" : ""}`;
  return html`
    <span class=${classes} aria-hidden="true">
      ${source ? html`<img src=${source} alt="" />` : icon ? html`<${Icon} name=${icon} />` : initials(name)}
    </span>`;
}
