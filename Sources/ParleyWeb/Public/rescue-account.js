import { h } from "./dom.js";
import { addressOf } from "./router.js";
import { s } from "./rescue-strings.js";
import { saveJSON } from "./save-file.js";

/** Rows that are shown; the file holds them all. */
const mostRows = 500;
const outcomes = ["imported", "already_there", "merged", "left_alone", "quarantined"];

/** Whether a record holds texts that did not come: its key stays in the browser. */
export function isAside({ outcome, reason }) {
  return outcome === "quarantined" || reason === "expired";
}

/** What the server says has become of each record: counts, the conversations, and why something was put aside. */
export class RescueAccount {
  element;
  #heading = h("h2", { tabindex: "-1" }, s.account);

  constructor(account, { go }) {
    const { items } = account;
    const aside = items.filter(isAside);
    const others = items.filter((item) => !isAside(item));
    this.element = h(
      "section",
      { class: "rescue-account" },
      this.#heading,
      h("ul", { class: "rescue-counts" }, ...outcomes.map((name) => count(name, account[name]))),
      account.conversations.length > 0 && h("h3", {}, s.made),
      h("ul", { class: "rescue-made" }, ...account.conversations.map((place) => made(place, go))),
      aside.length > 0 && h("p", { class: "rescue-aside" }, s.aside),
      h(
        "details",
        { open: aside.length > 0 },
        h("summary", {}, s.details(items.length)),
        table([...aside, ...others]),
      ),
      h(
        "button",
        { class: "button", type: "button", onclick: () => saveJSON(`parley-import-${account.batch}.json`, account) },
        s.saveAccount,
      ),
    );
  }

  /** For those who can't see that something new has come. */
  focus() {
    this.#heading.focus();
    this.element.scrollIntoView({ block: "start" });
  }
}

function count(name, number) {
  return number > 0 && h("li", { "data-outcome": name }, h("strong", {}, `${number}`), ` ${s.counts[name]}`);
}

function made({ id, title, messages }, go) {
  const follow = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go({ id });
  };
  return h("li", {}, h("a", { href: addressOf(id), dir: "auto", onclick: follow }, title), ` ${s.messages(messages)}`);
}

function table(items) {
  const head = h("tr", {}, ...[s.record, s.outcome, s.reason].map((text) => h("th", { scope: "col" }, text)));
  const rows = items.slice(0, mostRows).map(({ key, index, outcome, reason }) => {
    const name = index === undefined ? key : `${key} [${index}]`;
    const cells = [name, s.counts[outcome] ?? outcome, s.reasons[reason] ?? reason ?? ""];
    return h("tr", { "data-outcome": outcome }, ...cells.map((text) => h("td", { dir: "auto" }, text)));
  });
  return h(
    "div",
    { class: "rescue-table", tabindex: "0", role: "group", "aria-label": s.details(items.length) },
    h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)),
    items.length > mostRows && h("p", {}, s.more(items.length - mostRows)),
  );
}
