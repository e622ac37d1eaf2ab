import { h } from "./dom.js";

/** A labelled field, with a line about it. */
export function field(label, input, hint = null) {
  const note = hint && h("span", { class: "field-hint", id: `hint-${input.name}` }, hint);
  if (note) input.setAttribute("aria-describedby", note.id);
  return h("label", { class: "field" }, h("span", { class: "field-label" }, label), input, note);
}

/** Does something with fields; what is wrong is told at the field that it is about. */
export async function during(fields, error, work) {
  error.hidden = true;
  for (const one of Object.values(fields)) one.removeAttribute("aria-invalid");
  try {
    await work();
  } catch (problem) {
    if (problem.name === "AbortError") return;
    const wrong = fields[problem.param];
    error.textContent = problem.message;
    error.hidden = false;
    if (!wrong) return;
    wrong.closest("label").after(error);
    wrong.setAttribute("aria-invalid", "true");
    wrong.focus();
  }
}
