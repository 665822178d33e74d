// Running a form's submission: fields to values, one at a time, problems to the fields they name.

import { html, useEffect, useRef, useState } from "../lib/ui.js";
import { fieldProblems, problemText } from "./problem.js";

export function useSubmission(work) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  async function onSubmit(event) {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget;
    setBusy(true);
    setError(null);
    try {
      await work(Object.fromEntries(new FormData(form)), form);
    } catch (problem) {
      if (!alive.current) return;
      setError(problem);
      const [first] = Object.keys(fieldProblems(problem));
      (form.elements[first] ?? form.querySelector("input")).focus();
    } finally {
      if (alive.current) setBusy(false);
    }
  }
  return { busy, error, fields: error ? fieldProblems(error) : {}, onSubmit };
}

/** A refused password belongs to its field, although the server does not point at it. */
export function passwordProblem({ error, fields }, name = "current_password") {
  return error?.code === "wrong_password" ? problemText(error) : fields[name];
}

export function FormProblem({ error }) {
  return html`<p class="form-problem" role="alert">${error && problemText(error)}</p>`;
}
