import { tongue } from "./strings.js";

/** The words of what an older web app left behind: most people never need them, so they stand apart from the others. */
export const s = (await import(`./rescue-strings.${tongue}.js`)).default;
