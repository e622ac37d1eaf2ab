import { iconButton, linkButton } from "./controls.js";
import { h, isTouch } from "./dom.js";
import { mark } from "./icons.js";

const modes = {
  signIn: {
    title: "Welcome back", action: "Sign in", under: "New here?", other: "Create an account",
    next: "register",
  },
  register: {
    title: "Create your account", action: "Create account", under: "Been here before?", other: "Sign in",
    next: "signIn",
  },
};

/** The door: signing in, and registering. */
export class SignInView {
  element;
  #session;

  constructor(session, { notice, mode = "signIn" } = {}) {
    this.#session = session;
    this.element = h(
      "main",
      { class: "door" },
      h(
        "section",
        { class: "door-welcome" },
        h("p", { class: "brand" }, mark(), "Parley"),
        h("p", { class: "door-line" }, "Conversations worth keeping, kept."),
        h(
          "p",
          { class: "door-text" },
          "Your talks with AI assistants, on your own server. Every word is stored before you see it.",
        ),
        sample(),
      ),
    );
    this.#show(mode, notice);
  }

  #show(mode, notice, email = "") {
    const { title, action, under, other, next } = modes[mode];
    const registering = mode === "register";
    const form = h(
      "form",
      { class: "door-form", novalidate: true, onsubmit: (event) => this.#submit(event, mode) },
      h("h1", {}, title),
      h("p", { class: "form-problem", role: "alert" }, notice ?? ""),
      registering && field({ name: "name", label: "Name", optional: true, autocomplete: "name", maxlength: 100 }),
      field({ name: "email", label: "E-mail", type: "email", autocomplete: "username", required: true, value: email }),
      passwordField(registering),
      h("button", { class: "button button-primary button-wide", type: "submit" }, action),
      h(
        "p",
        { class: "door-other" },
        `${under} `,
        linkButton(other, () => this.#show(next, null, form.elements.email.value)),
      ),
    );
    this.element.querySelector("form")?.remove();
    this.element.append(form);
    if (!isTouch()) queueMicrotask(() => form.querySelector(email ? "[name=password]" : "input").focus());
  }

  async #submit(event, mode) {
    event.preventDefault();
    const form = event.target;
    clearProblems(form);
    const invalid = [...form.elements].find((input) => input.validity && !input.validity.valid);
    if (invalid) return showProblem(form, invalid.name, invalid.dataset.hint ?? invalid.validationMessage);
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await this.#session[mode](Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
    } catch (error) {
      showProblem(form, error.param, error.message);
    } finally {
      button.disabled = false;
    }
  }
}

/** A few words of a conversation, for the look of it. */
function sample() {
  return h(
    "div",
    { class: "door-sample", "aria-hidden": "true" },
    h("p", { class: "door-said" }, "Where did we leave off?"),
    h("p", {}, mark(), "Right here. Nothing was lost."),
  );
}

function field({ name, label, optional, extra, hint, ...attributes }) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: `door-${name}` }, label, optional && h("span", { class: "field-optional" }, " optional")),
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
    label: "Password",
    type: "password",
    required: true,
    minlength: registering && 8,
    autocomplete: registering ? "new-password" : "current-password",
    hint: registering ? "Use at least 8 characters." : "Enter your password.",
    extra: iconButton("eye", "Show password", toggle, { "aria-pressed": "false" }),
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
