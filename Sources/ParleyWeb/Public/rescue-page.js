import { confirmDialog } from "./confirm-dialog.js";
import { h, loadStyle } from "./dom.js";
import { legacyKeys } from "./legacy-keys.js";
import { readLegacy, removeLegacy, valuesOf } from "./legacy-storage.js";
import { saveJSON } from "./save-file.js";
import { isAside, RescueAccount } from "./rescue-account.js";
import { RescueList } from "./rescue-list.js";
import { s } from "./rescue-strings.js";

/** What an older web app left in this browser: to be looked at, imported into one's own conversations, or deleted. */
export async function open(context) {
  await loadStyle("rescue.css");
  const page = new RescuePage(context);
  return { element: page.element };
}

class RescuePage {
  element;
  #api;
  #go;
  #signal;
  #body = h("div", { class: "rescue-body" });
  #accounts = h("div", { class: "rescue-accounts" });
  #error = h("p", { class: "field-error", role: "alert", hidden: true });
  #list = null;

  constructor({ api, go, signal, menuButton }) {
    this.#api = api;
    this.#go = go;
    this.#signal = signal;
    this.element = h(
      "section",
      { class: "rescue", "aria-labelledby": "rescue-title" },
      h(
        "header",
        { class: "bar" },
        menuButton,
        h("h1", { class: "bar-title", id: "rescue-title", tabindex: "-1" }, s.title),
      ),
      h(
        "div",
        { class: "rescue-scroll" },
        h("div", { class: "rescue-column" }, this.#accounts, this.#error, this.#body),
      ),
    );
    // Another tab may import or delete meanwhile.
    addEventListener("storage", () => this.#draw(), { signal });
    this.#draw();
  }

  #draw() {
    const groups = readLegacy();
    const chosen = this.#list?.chosenIDs;
    this.#list = groups.length ? new RescueList(groups, { chosen, ...this.#actions() }) : null;
    this.#body.replaceChildren(this.#list?.element ?? this.#nothing());
  }

  #actions() {
    return {
      onimport: (keys) => this.#import(keys),
      onsave: (keys) => saveJSON("parley-left-in-browser.json", valuesOf(keys)),
      ondelete: (keys) => this.#delete(keys),
    };
  }

  #nothing() {
    const hasAccount = this.#accounts.childElementCount > 0;
    return h(
      "div",
      { class: "rescue-nothing" },
      !hasAccount && h("h2", {}, s.nothing),
      !hasAccount && h("p", {}, s.nothingText),
      h("button", { class: "button", type: "button", onclick: () => this.#go({}) }, s.done),
    );
  }

  async #import(keys) {
    const values = valuesOf(keys);
    this.#error.hidden = true;
    this.#list.setBusy(true);
    let account;
    try {
      account = await this.#api.post("/import?format=localstorage", values);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#list.setBusy(false);
      this.#error.textContent = `${error.message} ${s.notImported}`;
      this.#error.hidden = false;
      return;
    }
    // Only what the server has answered for, and only as it was when it was sent.
    const aside = new Set(account.items.filter(isAside).map((item) => item.key));
    const answered = new Set(account.items.map((item) => item.key));
    removeLegacy(Object.keys(values).filter((key) => answered.has(key) && !aside.has(key)), values);
    if (this.#signal.aborted) return;
    const view = new RescueAccount(account, { go: this.#go });
    this.#accounts.prepend(view.element);
    this.#draw();
    view.focus();
  }

  async #delete(keys) {
    if (!(await confirmDialog({ title: s.deleteTitle, text: s.deleteText(keys.length), action: s.delete }))) return;
    removeLegacy(keys);
    if (this.#signal.aborted) return;
    this.#draw();
    if (!legacyKeys().length) this.element.querySelector("h1").focus();
  }
}
