// A button that turns into a form, and back: the focus must not be lost with what has gone.

import { useEffect, useRef } from "./ui.js";

/** Gives two refs: what gets the focus once it is open, and what gets it back when it has been shut again. */
export function useSwappedFocus(open) {
  const inside = useRef(null);
  const outside = useRef(null);
  const before = useRef(open);
  useEffect(() => {
    if (open === before.current) return;
    before.current = open;
    (open ? inside : outside).current?.focus();
  }, [open]);
  return { inside, outside };
}
