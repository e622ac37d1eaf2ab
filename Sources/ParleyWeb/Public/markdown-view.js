import { h } from "./dom.js";
import { drawn } from "./markdown-html.js";

/** More HTML than this is drawn piece by piece, with pauses for the page in between. */
const atOnce = 60_000;

/** Markdown in an element. What isn't rendered yet stands there as it was written. */
export class MarkdownView {
  #element;
  #renderer;
  #text;
  #final;
  /** Draws texts that grow, that are long, or that have yet to be rendered; there once it is needed. */
  #drawing = null;

  constructor(element, renderer) {
    this.#element = element;
    this.#renderer = renderer;
    element.classList.add("markdown");
    element.addEventListener("click", async ({ target }) => {
      const button = target.closest(".copy-button");
      if (button) (await import("./markdown-copy.js")).copyListing(button);
    });
  }

  /** Shows a text; it may grow as long as it isn't final. */
  update(text, { final = true } = {}) {
    if (text === this.#text && final === this.#final) return;
    this.#text = text;
    this.#final = final;
    const known = !this.#drawing && final && this.#renderer.known(text);
    if (known && known.reduce((sum, { html }) => sum + html.length, 0) < atOnce) {
      this.#element.replaceChildren(...known.map(({ html }) => drawn(html)));
    } else {
      this.#draw();
    }
  }

  /** Nobody sees it any more. */
  close() {
    if (this.#drawing) this.#drawing.then((drawing) => drawing?.close());
  }

  async #draw() {
    if (!this.#drawing) {
      // A screenful or so stands there until it is loaded.
      const beginning = this.#text.slice(0, 10_000);
      this.#element.replaceChildren(...(beginning ? [h("span", { class: "markdown-pending" }, beginning)] : []));
      this.#drawing = this.#renderer.load(() => import("./markdown-drawing.js")).then(
        (module) => module && new module.MarkdownDrawing(this.#element, this.#renderer),
      );
    }
    const drawing = await this.#drawing;
    drawing?.update(this.#text, this.#final);
  }
}
