import { s as first, tongue } from "./strings.js";

const later = (await import(`./later-strings.${tongue}.js`)).default;

/** All words: those of strings.js, and those that the first view doesn't need. For modules that aren't loaded with it. */
export const s = { ...first };
for (const [part, words] of Object.entries(later)) s[part] = { ...first[part], ...words };
