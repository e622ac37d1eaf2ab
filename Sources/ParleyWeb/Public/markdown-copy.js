import { copyText } from "./clipboard.js";
import { icon } from "./icons.js";
import { s } from "./later-strings.js";

const thanksFor = 2000;

/** Copies the listing that a button belongs to, and says on it whether that worked. */
export async function copyListing(button) {
  const done = await copyText(button.closest("figure").querySelector("code").textContent);
  button.replaceChildren(icon(done ? "check" : "alert"), done ? s.markdown.copied : s.markdown.notCopied);
  setTimeout(() => button.replaceChildren(icon("copy"), s.markdown.copy), thanksFor);
}
