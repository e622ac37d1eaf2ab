import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import "./later-icons.js";
import { s } from "./later-strings.js";

const t = s.session;

/**
 * The fields with which one signs in, or registers (`mode`), with what stands above and below them. `email`, where it is
 * known, stands there already; `isFixed` says that it has to be this one. `onsubmit` gets what was typed; what it throws
 * is shown at the field to blame, or above all.
 */
export function signInForm({ mode = "signIn", head, foot, notice = "", email = "", isFixed = false, onsubmit }) {
  const registering = mode === "register";
  return h(
    "form",
    { class: "door-form", novalidate: true, onsubmit: (event) => submit(event, onsubmit) },
    ...head,
    h("p", { class: "form-problem", role: "alert" }, notice),
    registering && field({ name: "name", label: t.name, optional: true, autocomplete: "name", maxlength: 100 }),
    field({
      name: "email", label: t.email, type: "email", autocomplete: "username", required: true, value: email,
      readonly: isFixed, hint: t.emailHint,
    }),
    passwordField(registering),
    h("button", { class: "button button-primary button-wide", type: "submit" }, t[mode].action),
    foot,
  );
}

async function submit(event, onsubmit) {
  event.preventDefault();
  const form = event.target;
  clearProblems(form);
  const invalid = [...form.elements].find((input) => input.validity && !input.validity.valid);
  if (invalid) return showProblem(form, invalid.name, invalid.dataset.hint);
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    await onsubmit(Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  } catch (error) {
    showProblem(form, error.param, error.message);
  } finally {
    button.disabled = false;
  }
}

function field({ name, label, optional, extra, hint, ...attributes }) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: `door-${name}` }, label, optional && h("span", { class: "field-optional" }, ` ${t.optional}`)),
    h(
      "div",
      { class: "field-box" },
      h("input", {
        id: `door-${name}`,
        name,
        "aria-describedby": `door-${name}-problem`,
        "data-hint": hint,
        ...attributes,
      }),
      extra,
    ),
    h("p", { class: "field-problem", id: `door-${name}-problem`, role: "alert" }),
  );
}

function passwordField(registering) {
  const box = field({
    name: "password",
    label: t.password,
    type: "password",
    required: true,
    minlength: registering && 8,
    autocomplete: registering ? "new-password" : "current-password",
    hint: registering ? t.passwordLength : t.passwordHint,
    extra: iconButton("eye", t.showPassword, toggle, { "aria-pressed": "false" }),
  });
  const input = box.querySelector("input");
  function toggle({ currentTarget }) {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    currentTarget.setAttribute("aria-pressed", shown);
  }
  return box;
}

function clearProblems(form) {
  for (const place of form.querySelectorAll("[role=alert]")) place.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/** Shows a problem at the field to blame, or above all fields. */
function showProblem(form, name, message) {
  const input = name && form.elements[name];
  if (!input) {
    form.querySelector(".form-problem").textContent = message;
    return;
  }
  form.querySelector(`#door-${name}-problem`).textContent = message;
  input.setAttribute("aria-invalid", "true");
  input.focus();
}
