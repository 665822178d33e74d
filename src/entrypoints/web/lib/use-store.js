// Connects a component to the store: it renders again only when what it selected has changed.

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

export const useSession = (select) => useSelected(session.subscribe, () => select(session));
