// Runs before anything is drawn, so that a chosen theme does not flash in the other one. No module: those wait.

try {
  const theme = localStorage.getItem("sentinal.theme");
  if (theme === "LIGHT" || theme === "DARK") document.documentElement.dataset.theme = theme.toLowerCase();
} catch {
  // Refused storage: the system's colours.
}
