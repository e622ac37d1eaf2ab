import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { linkTo } from "./message-parts.js";
import { s } from "./later-strings.js";

/** The panel that is open in a conversation's view, forgotten with it. */
const panels = new WeakMap();

/**
 * Shows an answer's sources beside it, or over it where there is no room, with one of them first in sight. Escape closes
 * it, and the focus goes back to where it was opened from.
 */
export function openSources(contexts, number, opener) {
  const place = opener.closest(".conversation");
  panels.get(place)?.close(false);
  panels.set(place, new SourcesPanel(contexts, number, opener, place));
}

class SourcesPanel {
  #element;
  #opener;
  #place;

  constructor(contexts, number, opener, place) {
    this.#opener = opener;
    this.#place = place;
    const sources = contexts.map((context, at) => source(context, at + 1));
    this.#element = h(
      "section",
      {
        class: "sources-panel", "aria-label": s.message.sources(contexts.length),
        onkeydown: (event) => event.key === "Escape" && this.#escape(event),
      },
      h(
        "header",
        {},
        h("h2", {}, s.message.sources(contexts.length)),
        iconButton("close", s.common.close, () => this.close(true)),
      ),
      h("ol", {}, ...sources),
    );
    this.#place.append(this.#element);
    this.#place.classList.add("has-panel");
    const shown = sources[number - 1];
    shown.classList.add("is-shown");
    shown.focus({ preventScroll: true });
    shown.scrollIntoView({ block: "nearest" });
  }

  close(givesBack) {
    panels.delete(this.#place);
    this.#element.remove();
    this.#place.classList.remove("has-panel");
    // Scrolled away meanwhile, it isn't there any more; the log is.
    if (givesBack) (this.#opener.isConnected ? this.#opener : this.#place.querySelector(".log"))?.focus();
  }

  #escape(event) {
    event.stopPropagation();
    this.close(true);
  }
}

function source({ title, text, source: from, score }, number) {
  return h(
    "li",
    { tabindex: -1 },
    h("h3", { dir: "auto" }, `${number}. ${title ?? s.message.source(number)}`),
    text && h("p", { class: "source-text", dir: "auto" }, text),
    from && h("p", { class: "source-from" }, linkTo(from, from) ?? from),
    typeof score === "number" && h("p", { class: "source-score" }, s.message.score(score)),
  );
}
