import { h } from "./dom.js";

/** Scripts without spaces between words: in them any part of a run may be looked for. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const word = /[\p{L}\p{Nd}\p{Nl}\p{No}\p{Mn}\p{Mc}]/u;

/** Case, diacritics and width make no difference. */
function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").normalize("NFKC");
}

/** The terms of a text with their places in it: `{ text, start, end }`. */
function terms(text) {
  const found = [];
  let open = null;
  let at = 0;
  for (const { segment } of characters.segment(text)) {
    const folded = fold(segment);
    const kind = [...folded].some((one) => unspaced.test(one)) ? "run" : [...folded].some((one) => word.test(one)) && "word";
    if (kind && open?.kind === kind) {
      open.parts.push({ folded, start: at, end: at + segment.length });
    } else if (kind) {
      open = { kind, parts: [{ folded, start: at, end: at + segment.length }] };
      found.push(open);
    } else {
      open = null;
    }
    at += segment.length;
  }
  return found;
}

const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * What a query looks for, read as the server reads it: all words; words in double quotes side by side; a word with `*`
 * at its end, and the last one outside of quotes, match the beginning of a word.
 */
export class SearchMatch {
  /** `{ words, isPrefix }`: words that stand side by side. */
  #clauses = [];

  constructor(query) {
    query.split('"').forEach((piece, index, pieces) => {
      if (index % 2) return this.#add(piece, false);
      const words = piece.split(/\s+/).filter(Boolean);
      const endsOpen = index === pieces.length - 1 && !/\s$/.test(piece);
      words.forEach((one, at) => this.#add(one, one.endsWith("*") || (endsOpen && at === words.length - 1)));
    });
  }

  /** The text as nodes, with what was looked for in `<mark>`s. */
  mark(text) {
    const nodes = [];
    let at = 0;
    for (const { start, end } of this.#places(text)) {
      if (start < at) continue;
      nodes.push(text.slice(at, start), h("mark", {}, text.slice(start, end)));
      at = end;
    }
    nodes.push(text.slice(at));
    return nodes.filter((node) => node !== "");
  }

  #add(text, isPrefix) {
    const words = terms(text).map(({ kind, parts }) => ({ kind, text: parts.map(({ folded }) => folded).join("") }));
    if (words.length) this.#clauses.push({ words, isPrefix });
  }

  #places(text) {
    const all = terms(text);
    const places = [];
    for (const clause of this.#clauses) {
      all.forEach((_, index) => {
        const found = clause.words.map((wanted, offset) => {
          const isLast = offset === clause.words.length - 1;
          return place(all[index + offset], wanted, clause.isPrefix && isLast);
        });
        if (found.every(Boolean)) places.push({ start: found[0].start, end: found.at(-1).end });
      });
    }
    return places.sort((one, other) => one.start - other.start || other.end - one.end);
  }
}

/** Where a term of the text is the one that is wanted, or begins with it. */
function place(term, wanted, isPrefix) {
  if (term?.kind !== wanted.kind) return null;
  const whole = term.parts.map(({ folded }) => folded).join("");
  const at = wanted.kind === "run" ? whole.indexOf(wanted.text) : 0;
  const fits = isPrefix || wanted.kind === "run" ? whole.startsWith(wanted.text, at) : whole === wanted.text;
  if (at < 0 || !fits) return null;
  let length = 0;
  let start = null;
  for (const part of term.parts) {
    if (length === at) start = part.start;
    length += part.folded.length;
    if (length >= at + wanted.text.length) return { start: start ?? part.start, end: part.end };
  }
  return null;
}
