import { linkButton } from "./controls.js";
import { h } from "./dom.js";
import { announce, attempt } from "./notices.js";
import { s } from "./strings.js";

const t = s.connection;

/** How things stand with the server, in a word: `open`, `mending`, `lost` or `offline`. */
export function stateOf(live) {
  if (live.isOpen) return "open";
  if (!navigator.onLine) return "offline";
  return live.state === "lost" ? "lost" : "mending";
}

/**
 * The line that stands below everything while news can't come, and says why. It is empty while all is well, and for as
 * long as a loss is likely to be mended before anybody has read of it.
 */
export class ConnectionLine {
  element = h("div", { class: "connection", role: "status" });
  #live;
  #signal;
  #conversation = null;
  #left = new AbortController();
  #text = "";

  constructor(live, signal) {
    this.#live = live;
    this.#signal = signal;
    const show = () => this.#show();
    live.addEventListener("state", show, { signal });
    addEventListener("online", show, { signal });
    addEventListener("offline", show, { signal });
  }

  /** The conversation that is open, whose answer may be on its way without the socket; or null. */
  follow(conversation) {
    this.#left.abort();
    this.#left = new AbortController();
    this.#conversation = conversation;
    const signal = AbortSignal.any([this.#left.signal, this.#signal]);
    conversation?.addEventListener("state", () => this.#show(), { signal });
    this.#show();
  }

  #show() {
    const text = this.#reason();
    // What stands there already would be read out again.
    if (text === this.#text) return;
    this.#text = text;
    this.element.replaceChildren(...(text ? [text, " ", linkButton(t.tryNow, () => this.#reconnect())] : []));
    announce(text ? "" : t.back);
  }

  #reason() {
    if (this.#live.isOpen) return "";
    const { reconnecting, lost } = this.#conversation ?? {};
    if (lost) return t.answerGoesOn;
    if (!reconnecting && this.#live.state !== "lost") return "";
    return navigator.onLine ? t.lost : t.offline;
  }

  #reconnect() {
    this.#live.wake();
    const conversation = this.#conversation;
    if (conversation?.info) attempt(t.stillLost, () => conversation.reconnect());
  }
}
