// A modal dialog. The browser's own element keeps the focus inside, closes on Escape and gives the focus back.

import { t } from "../i18n.js";
import { html, useLayoutEffect, useRef } from "../lib/ui.js";
import { Icon } from "./icons.js";
import { Notice } from "./notice.js";

export function Dialog({ title, onClose, onBack, children, testid, wide }) {
  const element = useRef(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    // Closing before the element goes is what returns the focus to where it was.
    return () => dialog.close();
  }, []);
  const onBackdrop = (event) => {
    if (event.target === element.current) onClose();
  };
  const onCancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`
    <dialog ref=${element} class=${wide ? "dialog dialog-wide" : "dialog"} aria-label=${title} data-testid=${testid}
      onCancel=${onCancel} onMouseDown=${onBackdrop}>
      <div class="dialog-body">
        <header class="dialog-head">
          ${onBack && html`
            <button type="button" class="icon-button" aria-label=${t("action.to_list")} title=${t("action.to_list")}
              data-testid="dialog-back" onClick=${onBack}><${Icon} name="back" /></button>`}
          <h2>${title}</h2>
          <button type="button" class="icon-button" aria-label=${t("action.close")} title=${t("action.close")}
            onClick=${onClose}><${Icon} name="close" /></button>
        </header>
        ${children}
      </div>
      <${Notice} />
    </dialog>`;
}
