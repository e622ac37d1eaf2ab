import { linkButton } from "./controls.js";
import { h, isTouch } from "./dom.js";
import { mark } from "./icons.js";
import { signInForm } from "./sign-in-form.js";
import { s } from "./later-strings.js";

const t = s.session;
const others = { signIn: "register", register: "signIn" };

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
        { class: "door-welcome", "aria-label": t.about },
        h("p", { class: "brand" }, mark(), "Parley"),
        h("p", { class: "door-line" }, t.line),
        h("p", { class: "door-text" }, t.text),
        sample(),
      ),
    );
    this.#show(mode, notice);
  }

  #show(mode, notice, email = "") {
    const { title, under, other } = t[mode];
    const form = signInForm({
      mode,
      notice,
      email,
      head: [h("h1", {}, title)],
      foot: h(
        "p",
        { class: "door-other" },
        `${under} `,
        linkButton(other, () => this.#show(others[mode], null, form.elements.email.value)),
      ),
      onsubmit: (fields) => this.#session[mode](fields),
    });
    this.element.querySelector("form")?.remove();
    this.element.append(form);
    if (!isTouch()) queueMicrotask(() => form.querySelector(email ? "[name=password]" : "input").focus());
  }
}

/** A few words of a conversation, for the look of it. */
function sample() {
  return h(
    "div",
    { class: "door-sample", "aria-hidden": "true" },
    h("p", { class: "door-said" }, t.sampleQuestion),
    h("p", {}, mark(), t.sampleAnswer),
  );
}
