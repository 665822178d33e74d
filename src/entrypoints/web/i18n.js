// Every word a person reads comes through t("key"). A language is one file, i18n/<code>.js.

import en from "./i18n/en.js";

// Add a language by writing its file and its line here. The order is the order of the chooser.
const CATALOGUES = {
  en: { name: "English", load: async () => en },
  es: { name: "Español", load: () => fetched("es") },
  fr: { name: "Français", load: () => fetched("fr") },
  de: { name: "Deutsch", load: () => fetched("de") },
  pt: { name: "Português", load: () => fetched("pt") },
  ru: { name: "Русский", load: () => fetched("ru") },
  hi: { name: "हिन्दी", load: () => fetched("hi") },
  zh: { name: "中文", load: () => fetched("zh") },
  ar: { name: "العربية", load: () => fetched("ar") },
  ja: { name: "日本語", load: () => fetched("ja") },
};

async function fetched(code) {
  return (await import(`./i18n/${code}.js`)).default;
}

const RIGHT_TO_LEFT = new Set(["ar"]);
const LANGUAGE_KEY = "sentinal.language";
const listeners = new Set();

let current = "en";
let messages = en;
let plurals = new Intl.PluralRules("en");
let wished = "en"; // the last one asked for: catalogues may arrive in another order

/** Called after the words have changed: everything on the screen has to be said again. */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

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
  const wish = code in CATALOGUES ? code : "en";
  wished = wish;
  let [words, spoken] = [en, "en"];
  try {
    [words, spoken] = [await CATALOGUES[wish].load(), wish];
  } catch {
    // The file could not be fetched: English is there already.
  }
  if (wish !== wished) return;
  messages = words;
  current = spoken;
  plurals = new Intl.PluralRules(current);
  document.documentElement.lang = current;
  document.documentElement.dir = RIGHT_TO_LEFT.has(current) ? "rtl" : "ltr";
  for (const listener of listeners) listener();
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
