import { h } from "./dom.js";
import { s } from "./strings.js";

const longestTitle = 256;

/**
 * A title to type over. Enter and leaving it save; Escape, and saving nothing new, leave it as it was.
 *
 * `onsave` gets the new title and the one it shall replace, and answers whether it is saved. Where the present title
 * has become another meanwhile, it answers that one: then only Enter saves, now in that one's place.
 */
export function renameForm(title, { onsave, onend }) {
  let over = false;
  let contested = false;
  const input = h("input", { name: "title", value: title, maxlength: longestTitle, "aria-label": s.sidebar.title, dir: "auto" });
  const form = h(
    "form",
    {
      class: "rename",
      autocomplete: "off",
      onsubmit: finish,
      // Where only the window lost the focus, the field has it still: one goes on typing.
      onfocusout: (event) => contested || document.activeElement === input || finish(event),
      onkeydown: (event) => event.key === "Escape" && end(event),
    },
    input,
  );

  async function finish(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (over) return;
    if (!text || text === title) return end(event);
    over = true;
    const answer = await onsave(text, title);
    if (answer === true) return onend();
    // What was typed stays, to be tried again.
    over = false;
    if (answer) [title, contested] = [answer, true];
    input.focus();
  }

  function end(event) {
    // This Escape is spent: it must not close the drawer as well.
    event.stopPropagation();
    if (over) return;
    over = true;
    onend();
  }

  return form;
}
