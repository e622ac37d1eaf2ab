import { tongue } from "./strings.js";

/** The words of the help page and of the list of shortcuts, which aren't needed from the first. */
export const s = (await import(`./help-strings.${tongue}.js`)).default;
