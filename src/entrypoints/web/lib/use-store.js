// Connects a component to the store: it renders again only when what it selected has changed.

import { language, onLanguage } from "../i18n.js";
import { store } from "../store.js";
import { session } from "../session.js";
import { useLayoutEffect, useReducer, useRef } from "./ui.js";

function useSelected(subscribe, select) {
  const [, render] = useReducer((count) => count + 1, 0);
  const latest = useRef({});
  latest.current = { select, value: select() };
  useLayoutEffect(() => {
    const check = () => {
      if (latest.current.select() !== latest.current.value) render();
    };
    // Something may have changed between the first render and this subscription.
    check();
    return subscribe(check);
  }, []);
  return latest.current.value;
}

export const useStore = (select) => useSelected(store.subscribe, () => select(store));

/** Renders again, with all that is below, when the language changes. */
export const useLanguage = () => useSelected(onLanguage, language);

export const useSession = (select) => useSelected(session.subscribe, () => select(session));
