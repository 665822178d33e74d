// My settings: kept by the server, applied here at once.

import { api } from "./api.js";
import { language, rememberLanguage } from "./i18n.js";
import { watchAgain } from "./presence.js";
import { session } from "./session.js";
import { set, store } from "./store.js";
import { rememberTheme } from "./theme.js";

let running = Promise.resolve();
let changes = 0;

function apply(settings) {
  set({ settings });
  rememberTheme(settings.theme);
  if (settings.language !== language()) rememberLanguage(settings.language);
}

export async function loadSettings() {
  // What is on its way there must arrive first, or the answer would undo it here.
  await running;
  const before = changes;
  let settings = await api.settings();
  // Somebody who registered a moment ago chose their language by reading the form in it.
  if (session.isNew && !store.settings && settings.language !== language()) {
    settings = await api.updateSettings({ language: language() });
  }
  if (before === changes) apply(settings);
}

/** Shows the change, then tells the server; what it refuses is taken back and thrown. */
export function changeSettings(fields) {
  const turn = (changes += 1);
  apply({ ...store.settings, ...fields });
  const work = running.then(async () => {
    try {
      const settings = await api.updateSettings(fields);
      // Between two quick changes the answer to the first knows nothing of the second.
      if (turn === changes) apply(settings);
      if ("privacy_last_seen" in fields) watchAgain();
    } catch (error) {
      if (turn === changes) await api.settings().then(apply, () => {});
      throw error;
    }
  });
  running = work.catch(() => {});
  return work;
}
