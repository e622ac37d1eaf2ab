import { h, loadStyle } from "./dom.js";
import { icon } from "./icons.js";
import { s } from "./strings.js";

/**
 * The only place where text becomes markup: HTML that the server has made safe. The page's policy (CSP) lets no other
 * policy, and nothing without one, do that.
 */
const policy = globalThis.trustedTypes?.createPolicy("parley-markdown", { createHTML: (html) => html })
  ?? { createHTML: (html) => html };

export function fragmentOf(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
}

/** A rendered block as an element, with what the server can't know: the words of this person's language. */
export function drawn(html) {
  const element = fragmentOf(html).firstElementChild;
  const captions = element.querySelectorAll("figcaption");
  if (captions.length || element.matches(".table") || element.querySelector(".task")) loadStyle("markdown-rich.css");
  for (const caption of captions) {
    caption.append(h("button", { class: "copy-button", type: "button" }, icon("copy"), s.markdown.copy));
  }
  for (const image of element.querySelectorAll(".image > a")) image.prepend(`${s.markdown.image} `);
  return element;
}
