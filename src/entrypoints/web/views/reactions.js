// What people make of a message, in one sign each: shown below it, given and taken back by a press.

import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib/ui.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { problemText } from "./problem.js";

export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const MORE = ["🎉", "🔥", "👏", "😍", "🤔", "👀", "💯", "✅", "😡", "👎", "🙌", "☕"];

/** The rules of a reaction, so that most mistakes need no journey: one emoji, or a short code. */
const ONE = /^(?::[a-z0-9_+-]+:|[\p{Extended_Pictographic}\p{Regional_Indicator}#*0-9\p{Emoji_Modifier}\p{Variation_Selector}\u200d\u20e3]+)$/u;

export function Reactions({ items, onToggle }) {
  return html`
    <ul class="reactions" aria-label=${t("message.reactions")}>
      ${items.map((one) => html`
        <li key=${one.reaction_code}>
          <button type="button" class=${one.mine ? "reaction reaction-mine" : "reaction"} data-testid="reaction"
            data-code=${one.reaction_code} aria-pressed=${one.mine ? "true" : "false"}
            aria-label=${t("message.reaction_count", { code: one.reaction_code, count: one.count })}
            onClick=${() => onToggle(one.reaction_code)}>
            <span>${one.reaction_code}</span>${one.count > 1 && html`<span class="reaction-count">${one.count}</span>`}
          </button>
        </li>`)}
    </ul>`;
}

export function ReactionDialog({ onReact, onClose }) {
  const [problem, setProblem] = useState(null);
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  const give = (code) => onReact(code).then(onClose, (error) => {
    // The server's words speak of the rule; a person wants to know what to type.
    setProblem(error.code === "validation_failed" ? t("message.react_invalid") : problemText(error));
  });
  function onSubmit(event) {
    event.preventDefault();
    const code = input.current.value.trim().normalize("NFC");
    if (ONE.test(code)) return give(code);
    setProblem(t("message.react_invalid"));
    return input.current.focus();
  }
  return html`
    <${Dialog} title=${t("message.react")} onClose=${onClose} testid="reaction-dialog">
      <form class="dialog-form" onSubmit=${onSubmit} novalidate>
        <div class="reaction-grid" role="group" aria-label=${t("message.react")}>
          ${[...QUICK, ...MORE].map((code) => html`
            <button key=${code} type="button" class="menu-reaction" aria-label=${t("message.react_with", { code })}
              onClick=${() => give(code)}>${code}</button>`)}
        </div>
        <${Field} form="reaction" name="code" label=${t("message.react_any")} problem=${problem} inputRef=${input}
          maxlength="32" autocomplete="off" data-testid="reaction-input" />
        <footer class="dialog-foot">
          <button type="button" class="button" onClick=${onClose}>${t("action.cancel")}</button>
          <button type="submit" class="button button-primary" data-testid="react">${t("message.react")}</button>
        </footer>
      </form>
    <//>`;
}
