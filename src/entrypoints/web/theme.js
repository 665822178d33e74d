// Light, dark, or as the system has it. The choice is kept here so that first-paint.js can apply it.

const KEY = "sentinal.theme";
const SURFACES = { light: "#f6f5f2", dark: "#14171c" };

export function rememberTheme(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage a reload begins in the system's colours.
  }
  const forced = theme === "LIGHT" || theme === "DARK" ? theme.toLowerCase() : null;
  if (forced) document.documentElement.dataset.theme = forced;
  else delete document.documentElement.dataset.theme;
  // The browser's own bar: each of the two tags is for one of the system's schemes.
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    meta.content = SURFACES[forced ?? (meta.media.includes("dark") ? "dark" : "light")];
  }
}
