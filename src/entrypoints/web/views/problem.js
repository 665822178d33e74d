// What went wrong, in words a person can use.

import { has, t } from "../i18n.js";

export function problemText(error) {
  // Without a field to point at, the server's own sentence says more than "check what you entered".
  if (error.code === "validation_failed" && !Object.keys(fieldProblems(error)).length) {
    return error.errors?.[0]?.detail || error.detail || t("error.validation_failed");
  }
  if (has(`error.${error.code}`)) return t(`error.${error.code}`);
  if (error.status >= 500) return t("error.unavailable");
  return error.detail || error.title || t("error.unknown");
}

/** Problems with single fields, by the field's name; the rest belongs to the form as a whole. */
export function fieldProblems(error) {
  const fields = {};
  // A refusal with a name is told in the reader's language; what exactly is invalid only the server knows to say.
  const named = error.code !== "validation_failed" && has(`error.${error.code}`) && t(`error.${error.code}`);
  for (const { pointer, detail } of error.errors ?? []) {
    const name = (pointer ?? "").replace(/^\//, "").split("/")[0];
    if (name && !(name in fields)) fields[name] = named || detail;
  }
  return fields;
}
