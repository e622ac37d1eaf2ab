import { h } from "./dom.js";

/** The characters that any rule can begin with. */
const begin = /[\\`[*_~\n]|https?:/g;

/**
 * What stands inside a line, in order of precedence: a pattern, and the node that a match becomes. Every repetition has
 * an upper bound, so that a hostile text costs time in proportion to its length.
 */
const rules = [
  [/\\([\\`*_{}[\]()#+\-.!|~<>])/y, ([, character]) => character],
  [/``([^\n]{1,1000}?)``(?!`)/y, ([, text]) => h("code", {}, text.trim())],
  [/`([^`\n]{1,1000})`/y, ([, text]) => h("code", {}, text)],
  [
    /\[([^[\]\n]{1,400})\]\(([^\s()]{1,1000}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?)(?: "[^"\n]{0,300}")?\)/y,
    ([whole, text, address]) => link(whole, renderInline(text), address),
  ],
  [/https?:\/\/[^\s<>"'`]{0,1000}[^\s<>"'`.,;:!?)\]*_]/y, ([address]) => link(address, [address], address)],
  [/\*\*([^\s*](?:[^]{0,600}?\S)?)\*\*/y, ([, text]) => h("strong", {}, ...renderInline(text))],
  [/\*([^\s*](?:[^*\n]{0,600}?[^\s*])?)\*/y, ([, text]) => h("em", {}, ...renderInline(text))],
  [
    /(?<![\p{L}\p{N}_])_([^\s_](?:[^_\n]{0,600}?[^\s_])?)_(?![\p{L}\p{N}_])/uy,
    ([, text]) => h("em", {}, ...renderInline(text)),
  ],
  [/~~([^\s~](?:[^~\n]{0,600}?[^\s~])?)~~/y, ([, text]) => h("del", {}, ...renderInline(text))],
  [/\n/y, () => h("br")],
];

const safeAddress = /^(?:https?:\/\/|mailto:)/i;

/** The nodes that a piece of Markdown becomes. What is no Markdown, and a link that isn't safe, stays text. */
export function renderInline(text) {
  const nodes = [];
  let rendered = 0;
  let at = 0;
  while ((at = next(text, at)) >= 0) {
    const found = nodeAt(text, at);
    if (!found) {
      at += 1;
      continue;
    }
    nodes.push(text.slice(rendered, at), found.node);
    rendered = at = found.end;
  }
  nodes.push(text.slice(rendered));
  return nodes;
}

function next(text, at) {
  begin.lastIndex = at;
  return begin.exec(text)?.index ?? -1;
}

function nodeAt(text, at) {
  for (const [pattern, render] of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { node: render(match), end: at + match[0].length };
  }
  return null;
}

function link(source, content, address) {
  if (!safeAddress.test(address)) return source;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...content);
}
