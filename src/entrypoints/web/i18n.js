// Every word a person reads comes through t("key"). A language is one file, i18n/<code>.js.

import en from "./i18n/en.js";

// Add a language by writing its file and its line here. The order is the order of the chooser.
const CATALOGUES = {
  en: { name: "English", load: async () => en },
};

const RIGHT_TO_LEFT = new Set(["ar"]);
const LANGUAGE_KEY = "sentinal.language";

let current = "en";
let messages = en;
let plurals = new Intl.PluralRules("en");

export function language() {
  return current;
}

export function languages() {
  return Object.entries(CATALOGUES).map(([code, { name }]) => ({ code, name }));
}

function preferred() {
  let chosen = null;
  try {
    chosen = localStorage.getItem(LANGUAGE_KEY);
  } catch {
    // Without storage the browser's own list of languages decides.
  }
  const wishes = [chosen, ...(navigator.languages ?? [])].filter(Boolean);
  return wishes.map((wish) => wish.toLowerCase().split("-")[0]).find((code) => code in CATALOGUES) ?? "en";
}

/** Loads the catalogue of the wished language and turns the page to its direction. */
export async function setLanguage(code = preferred()) {
  if (!(code in CATALOGUES)) code = "en";
  try {
    messages = await CATALOGUES[code].load();
    current = code;
  } catch {
    messages = en;
    current = "en";
  }
  plurals = new Intl.PluralRules(current);
  document.documentElement.lang = current;
  document.documentElement.dir = RIGHT_TO_LEFT.has(current) ? "rtl" : "ltr";
}

export function rememberLanguage(code) {
  try {
    localStorage.setItem(LANGUAGE_KEY, code);
  } catch {
    // Not remembered, but used until the page goes.
  }
  return setLanguage(code);
}

export function has(key) {
  return key in messages || key in en;
}

/** "Ada, Grace, and Linus", as the language joins them. */
export function listOf(words) {
  return new Intl.ListFormat(current, { type: "conjunction" }).format(words);
}

/** The text for a key; {name} is filled from values, and an entry with plural forms chooses by values.count. */
export function t(key, values = {}) {
  let text = messages[key] ?? en[key] ?? key;
  if (typeof text === "object") text = text[plurals.select(values.count ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
