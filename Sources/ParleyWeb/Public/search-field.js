import { h } from "./dom.js";
import { icon } from "./icons.js";
import { s } from "./strings.js";

/** The field for what one looks for; what it does is loaded when somebody goes there. `context`: see search.js. */
export function searchField(context) {
  const input = h("input", {
    type: "search", class: "search-input", placeholder: s.search.placeholder, "aria-label": s.search.label,
    autocomplete: "off", spellcheck: "false", maxlength: 200, enterkeyhint: "search",
  });
  const element = h("search", { class: "search" }, icon("search"), input);
  async function start() {
    input.removeEventListener("focus", start);
    try {
      const { Search } = await import("./search.js");
      new Search(element, input, context);
    } catch (error) {
      input.addEventListener("focus", start);
      throw error;
    }
  }
  input.addEventListener("focus", start);
  return element;
}
