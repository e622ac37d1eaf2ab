import { language } from "./preferences.js";

/** The tag of the language that the page speaks. */
export const tongue = language();

/** The interface's words in that language, by the part of the app they stand in. The others aren't loaded. */
export const s = (await import(`./strings.${tongue}.js`)).default;

document.documentElement.lang = tongue;
