// Where messages are written. Drafts stay with their conversation while the page lives.

import { t } from "../i18n.js";
import { html, useLayoutEffect, useRef, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { sendText } from "../outbox.js";
import { Icon } from "./icons.js";

export const MAX_LENGTH = 4096;
const drafts = new Map();

export function forgetDrafts() {
  drafts.clear();
}

/** Characters as the server counts them: code points, not UTF-16 halves. */
function length(text) {
  return [...text].length;
}

export function Composer({ id, blocked }) {
  const field = useRef(null);
  const enterSends = useStore((store) => store.settings?.enter_to_send ?? true);
  const [text, setText] = useState(drafts.get(id) ?? "");
  const over = length(text) - MAX_LENGTH;
  const blank = !/[^\s\u200b-\u200d\u2060\ufeff]/u.test(text);

  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  useLayoutEffect(() => {
    // On touch screens the keyboard would cover the messages that were just opened.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, [id]);

  function write(value) {
    setText(value);
    if (value) drafts.set(id, value);
    else drafts.delete(id);
  }

  function send() {
    if (blank || over > 0) return;
    sendText(id, text);
    write("");
    field.current.focus();
  }

  function onKeyDown(event) {
    // While an input method composes, Enter picks a word; 229 is what older engines say then.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (!enterSends && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send();
  }

  if (blocked) return html`<p class="composer-note" role="status">${blocked}</p>`;
  return html`
    <form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
      <label class="visually-hidden" for="composer">${t("composer.label")}</label>
      <div class="composer-box">
        <textarea id="composer" ref=${field} rows="1" dir="auto" data-testid="composer" value=${text}
          placeholder=${t("composer.placeholder")} aria-describedby=${over > -200 ? "composer-count" : null}
          enterkeyhint=${enterSends ? "send" : "enter"} onInput=${(event) => write(event.currentTarget.value)} onKeyDown=${onKeyDown}></textarea>
        ${over > -200 && html`
          <span id="composer-count" class=${over > 0 ? "count count-over" : "count"} role="status">${-over}</span>`}
        <button type="submit" class="send" data-testid="send" aria-label=${t("composer.send")} title=${t("composer.send")}
          disabled=${blank || over > 0}><${Icon} name="send" /></button>
      </div>
    </form>`;
}
