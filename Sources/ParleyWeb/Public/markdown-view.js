import { codeBlock } from "./code-block.js";
import { h } from "./dom.js";
import { parseBlocks } from "./markdown-blocks.js";
import { renderInline } from "./markdown-inline.js";

/**
 * Markdown in an element. As a text grows only its last blocks are drawn anew: what has been read stays selected, and
 * a long answer costs no more towards its end.
 */
export class MarkdownView {
  #element;
  #sources = [];

  constructor(element) {
    this.#element = element;
    element.classList.add("markdown");
  }

  update(text) {
    const blocks = parseBlocks(text);
    let same = 0;
    while (same < blocks.length && blocks[same].source === this.#sources[same]) same += 1;
    while (this.#element.childNodes.length > same) this.#element.lastChild.remove();
    this.#element.append(...blocks.slice(same).map(renderBlock));
    this.#sources = blocks.map(({ source }) => source);
  }
}

function renderBlock(block) {
  switch (block.type) {
    case "code": return codeBlock(block.text, block.language);
    // The page has its own headings above: a message's begin below them.
    case "heading": return h(`h${Math.min(block.level + 2, 6)}`, {}, ...renderInline(block.text));
    case "rule": return h("hr");
    case "quote": return h("blockquote", {}, ...block.blocks.map(renderBlock));
    case "list": return h(block.ordered ? "ol" : "ul", { start: block.start }, ...block.items.map(renderItem));
    default: return h("p", {}, ...renderInline(block.text));
  }
}

/** An item's first paragraph stands beside its marker without being one. */
function renderItem([first, ...rest]) {
  if (first?.type !== "paragraph") return h("li", {}, ...(first ? [first, ...rest] : []).map(renderBlock));
  return h("li", {}, ...renderInline(first.text), ...rest.map(renderBlock));
}
