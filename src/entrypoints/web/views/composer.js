// Where messages are written. Drafts stay with their conversation while the page lives.

import { t } from "../i18n.js";
import { html, useLayoutEffect, useRef, useState } from "../lib/ui.js";
import { useStore } from "../lib/use-store.js";
import { editMessage } from "../deeds.js";
import { sendText } from "../outbox.js";
import { nameOf } from "../people.js";
import { previewText } from "../preview.js";
import { compose } from "../store.js";
import { isMine, thread } from "../threads.js";
import { Icon } from "./icons.js";
import { problemText } from "./problem.js";

export const MAX_LENGTH = 4096;
const drafts = new Map();

export function forgetDrafts() {
  drafts.clear();
}

/** Characters as the server counts them: code points, not UTF-16 halves. */
function length(text) {
  return [...text].length;
}

/** What is being answered or changed, and the way out of it. */
function Context({ kind, message, onCancel }) {
  return html`
    <div class="composer-context" data-testid="composer-context" data-kind=${kind}>
      <${Icon} name=${kind} size="18" />
      <div>
        <p class="reply-author" dir="auto">
          ${kind === "edit" ? t("composer.editing") : t("composer.replying", { name: nameOf(message.sender_id) })}</p>
        <p class="reply-text" dir="auto">${previewText(message)}</p>
      </div>
      <button type="button" class="icon-button" data-testid="composer-cancel" aria-label=${t("action.cancel")}
        title=${t("action.cancel")} onClick=${onCancel}><${Icon} name="close" size="18" /></button>
    </div>`;
}

function lastOfMine(id) {
  return thread(id).items.findLast((one) => isMine(one) && one.type === "TEXT" && !one.deleted_at);
}

export function Composer({ id, blocked }) {
  const field = useRef(null);
  const enterSends = useStore((store) => store.settings?.enter_to_send ?? true);
  const composing = useStore((store) => store.composing.get(id) ?? null);
  const editing = composing?.kind === "edit" ? composing.message : null;
  const [text, setText] = useState(drafts.get(id) ?? "");
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
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

  useLayoutEffect(() => {
    setProblem(null);
    // The draft waits until the change is made or given up.
    setText(editing ? editing.content : drafts.get(id) ?? "");
    if (composing) field.current?.focus({ preventScroll: true });
  }, [composing?.kind, composing?.message.id]);

  function write(value) {
    setText(value);
    if (editing) return;
    if (value) drafts.set(id, value);
    else drafts.delete(id);
  }

  async function change() {
    if (text === editing.content) return compose(id, null);
    setBusy(true);
    setProblem(null);
    try {
      await editMessage(editing, text);
      compose(id, null);
    } catch (error) {
      // The words stay, to be tried again or copied.
      setProblem(error);
    } finally {
      setBusy(false);
      field.current?.focus();
    }
    return undefined;
  }

  function send() {
    if (blank || over > 0 || busy) return;
    if (editing) {
      change();
      return;
    }
    sendText(id, text, composing?.message);
    write("");
    compose(id, null);
    field.current.focus();
  }

  function onKeyDown(event) {
    // While an input method composes, its keys pick words; 229 is what older engines say then.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape" && composing) {
      // One step at a time: the next one leaves the conversation.
      event.stopPropagation();
      compose(id, null);
      return;
    }
    if (event.key === "ArrowUp" && !text && !composing && !event.shiftKey) {
      const message = lastOfMine(id);
      if (!message) return;
      event.preventDefault();
      compose(id, { kind: "edit", message });
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    if (!enterSends && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send();
  }

  if (blocked) return html`<p class="composer-note" role="status">${blocked}</p>`;
  return html`
    <form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
      ${composing && html`<${Context} ...${composing} onCancel=${() => { compose(id, null); field.current.focus(); }} />`}
      <p class="form-problem composer-problem" role="alert" data-testid="composer-problem">${problem && problemText(problem)}</p>
      <label class="visually-hidden" for="composer">${editing ? t("composer.editing") : t("composer.label")}</label>
      <div class="composer-box">
        <textarea id="composer" ref=${field} rows="1" dir="auto" data-testid="composer" value=${text}
          placeholder=${t("composer.placeholder")} aria-describedby=${over > -200 ? "composer-count" : null}
          enterkeyhint=${enterSends ? "send" : "enter"} onInput=${(event) => write(event.currentTarget.value)} onKeyDown=${onKeyDown}></textarea>
        ${over > -200 && html`
          <span id="composer-count" class=${over > 0 ? "count count-over" : "count"} role="status">${-over}</span>`}
        <button type="submit" class="send" data-testid="send" aria-label=${editing ? t("action.save") : t("composer.send")}
          title=${editing ? t("action.save") : t("composer.send")} aria-busy=${busy ? "true" : null}
          disabled=${blank || over > 0}><${Icon} name=${editing ? "check" : "send"} /></button>
      </div>
    </form>`;
}
