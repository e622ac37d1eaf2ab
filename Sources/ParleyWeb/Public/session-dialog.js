import { h } from "./dom.js";
import { hasLegacy } from "./legacy-keys.js";
import { signInForm } from "./sign-in-form.js";
import { s } from "./later-strings.js";

const t = s.session;

/**
 * What stands above the veiled page when the session ran out: the person who was here signs in again and goes on, or
 * leaves. Where leaving would lose something (`holdsUnsent` says whether that is unsent), that is said first, and done when
 * the button is pressed again.
 */
export class SessionDialog {
  element;
  #holdsUnsent;
  #onleave;
  #warned = false;
  #leave = h("button", { class: "button button-wide", type: "button", onclick: () => this.leave() }, t.someoneElse);

  constructor(session, { holdsUnsent, onleave }) {
    this.#holdsUnsent = holdsUnsent;
    this.#onleave = onleave;
    this.element = signInForm({
      email: session.user.email,
      isFixed: true,
      head: [h("h2", {}, t.ended), h("p", {}, t.goOn)],
      foot: this.#leave,
      onsubmit: (fields) => session.signIn(fields),
    });
  }

  focus() {
    this.element.elements.password.focus();
  }

  leave() {
    const lost = [this.#holdsUnsent() && t.wouldBeLost, hasLegacy() && t.leftoversLost].filter(Boolean);
    if (this.#warned || !lost.length) return this.#onleave();
    this.#warned = true;
    this.element.querySelector(".form-problem").textContent = lost.join(" ");
    this.#leave.textContent = t.leaveAnyway;
  }

  /** Whoever is warned and presses Escape once more may want the opposite. */
  escape() {
    if (!this.#warned) this.leave();
  }
}
