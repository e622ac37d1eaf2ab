import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import "./later-icons.js";
import { attempt } from "./notices.js";
import { s } from "./later-strings.js";
import { fullTime } from "./time.js";

/** Pages through what a message said before. Earlier versions can only be read. */
export class VersionPager {
  element;
  #view;
  #act;
  #message;
  #versions = null;
  #at = null;
  #closed = false;
  #before = iconButton("previous", s.message.previousVersion, () => this.#go(-1));
  #after = iconButton("next", s.message.nextVersion, () => this.#go(1));
  #place = h("span", { role: "status" });
  #note = h("p", { class: "version-note" });

  constructor(view, message, act) {
    this.#view = view;
    this.#message = message;
    this.#act = act;
    const line = h("div", { class: "version-line" }, this.#before, this.#place, this.#after);
    this.element = h("div", { class: "versions", role: "group", "aria-label": s.message.versions }, line, this.#note);
    this.#show();
  }

  /** There are other versions than these, or none: the message shows what it says now. */
  close() {
    this.#at = null;
    this.#show();
    this.#closed = true;
  }

  async #go(step) {
    await attempt(s.message.noVersions, async () => {
      this.#versions ??= await this.#act("versions", this.#message);
      this.#at = Math.max(0, Math.min((this.#at ?? this.#versions.length) + step, this.#versions.length));
    });
    if (!this.#closed) this.#show();
  }

  #show() {
    const past = this.#versions?.length ?? (this.#message.metadata?.version ?? 0) - 1;
    const version = this.#versions?.[this.#at];
    const at = this.#at ?? past;
    // How often a text was edited is known only when its versions are.
    this.#place.textContent = past > 0 ? `${at + 1}/${past + 1}` : s.message.edits;
    this.#before.disabled = this.#at === 0;
    this.#after.disabled = !version;
    this.#note.textContent = version ? s.message.earlier(fullTime(version.created_at)) : "";
    this.#view.element.classList.toggle("is-earlier", Boolean(version));
    this.#view.preview(version ? version.content : null);
  }
}
