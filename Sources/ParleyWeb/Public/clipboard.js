import { h } from "./dom.js";

/** Copies text; false when the browser won't. The Clipboard API is missing on plain http beyond loopback. */
export async function copyText(text) {
  if (!navigator.clipboard) return copySelected(text);
  return navigator.clipboard.writeText(text).then(() => true, () => false);
}

function copySelected(text) {
  const focused = document.activeElement;
  const field = h("textarea", { class: "visually-hidden" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}
