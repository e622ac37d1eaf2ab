/** What a person likes of this browser's Parley: no data of anyone's, and so kept in the browser. */
const keys = { theme: "parley-theme", language: "parley-language", keys: "parley-keys", olderTheme: "theme" };

export const themes = ["system", "light", "dark"];
/** The languages there are words for, each by its own name. */
export const languages = { en: "English", de: "Deutsch" };

/**
 * `theme` or `language`, as chosen here, null where it goes by the system or the browser; `keys`, which is `off` where
 * single keys are no shortcuts.
 */
export function preference(name) {
  try {
    return localStorage.getItem(keys[name]);
  } catch {
    // Storage can be forbidden; then what is liked lasts as long as the page.
    return null;
  }
}

export function setPreference(name, value) {
  try {
    if (value) localStorage.setItem(keys[name], value);
    else localStorage.removeItem(keys[name]);
  } catch {
    // As above.
  }
}

/** Runs what may empty the browser's storage, and puts what is liked back behind it: an older app's `theme`, too. */
export async function keepingPreferences(work) {
  const kept = Object.keys(keys).map((name) => [name, preference(name)]);
  try {
    return await work();
  } finally {
    for (const [name, value] of kept) setPreference(name, value);
  }
}

export function applyTheme() {
  const theme = preference("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** The language to speak: the one chosen, or else the first of the browser's that there are words for. */
export function language() {
  const wanted = [preference("language"), ...(navigator.languages ?? [])];
  return wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => tag in languages) ?? "en";
}
