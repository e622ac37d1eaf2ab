/** Deeper nesting than this is shown as it was written: nobody means it, and recursion has to end. */
const deepest = 8;

const fenceStart = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const headingLine = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const ruleLine = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const quoteLine = /^ {0,3}> ?/;
const itemLine = /^( {0,1})([-*+]|\d{1,9}[.)])( {1,4}|$)(.*)$/;

/**
 * Markdown cut into blocks, each with the `source` it was cut from: [{type, source, …}]. Text that is still being
 * written is fine: a fence without its end reaches to the end.
 */
export function parseBlocks(text, depth = 0) {
  const lines = text.split("\n");
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const { next, ...block } = blockAt(lines, at, depth) ?? paragraph(lines, at);
    blocks.push({ ...block, source: lines.slice(at, next).join("\n") });
    at = next;
  }
  return blocks;
}

function blockAt(lines, at, depth) {
  const flat = fence(lines, at) ?? heading(lines, at) ?? rule(lines, at);
  if (flat || depth === deepest) return flat;
  return quote(lines, at, depth) ?? list(lines, at, depth);
}

function fence(lines, at) {
  const [, marks, language] = fenceStart.exec(lines[at]) ?? [];
  if (!marks) return null;
  let end = at + 1;
  while (end < lines.length && !isFenceEnd(lines[end], marks)) end += 1;
  return { type: "code", language, text: lines.slice(at + 1, end).join("\n"), next: Math.min(end + 1, lines.length) };
}

const isFenceEnd = (line, marks) => line.trim().startsWith(marks) && /^(`+|~+)$/.test(line.trim());

function heading(lines, at) {
  const [, marks, text] = headingLine.exec(lines[at]) ?? [];
  return marks ? { type: "heading", level: marks.length, text, next: at + 1 } : null;
}

function rule(lines, at) {
  return ruleLine.test(lines[at]) ? { type: "rule", next: at + 1 } : null;
}

function quote(lines, at, depth) {
  let next = at;
  while (next < lines.length && quoteLine.test(lines[next])) next += 1;
  if (next === at) return null;
  const text = lines.slice(at, next).map((line) => line.replace(quoteLine, "")).join("\n");
  return { type: "quote", blocks: parseBlocks(text, depth + 1), next };
}

function list(lines, at, depth) {
  const first = itemLine.exec(lines[at]);
  if (!first) return null;
  const ordered = isOrdered(first);
  const items = [];
  let next = at;
  for (;;) {
    const start = skipBlank(lines, next);
    const found = start < lines.length && !ruleLine.test(lines[start]) && itemLine.exec(lines[start]);
    if (!found || isOrdered(found) !== ordered) break;
    const item = itemText(lines, start, found);
    items.push(parseBlocks(item.text, depth + 1));
    next = item.next;
  }
  return { type: "list", ordered, start: ordered ? Number.parseInt(first[2], 10) : null, items, next };
}

/** The text of one item: its first line, and what is indented below it or follows it without a break. */
function itemText(lines, at, [, before, marker, gap, rest]) {
  const width = before.length + marker.length + gap.length;
  const text = [rest];
  let next = at + 1;
  while (next < lines.length) {
    const indent = lines[next].search(/\S/);
    if (indent < 0) {
      const after = skipBlank(lines, next);
      if (after === lines.length || lines[after].search(/\S/) < 2) break;
    } else if (indent < 2 && (isBlank(lines[next - 1]) || startsBlock(lines, next))) {
      break;
    }
    text.push(lines[next].slice(Math.min(Math.max(indent, 0), width)));
    next += 1;
  }
  return { text: text.join("\n"), next };
}

function paragraph(lines, at) {
  let next = at + 1;
  while (next < lines.length && !isBlank(lines[next]) && !startsBlock(lines, next)) next += 1;
  return { type: "paragraph", text: lines.slice(at, next).join("\n"), next };
}

const starts = [fenceStart, headingLine, ruleLine, quoteLine, itemLine];
const startsBlock = (lines, at) => starts.some((start) => start.test(lines[at]));
const isBlank = (line) => line.trim() === "";
const isOrdered = ([, , marker]) => marker.length > 1;

function skipBlank(lines, at) {
  while (at < lines.length && isBlank(lines[at])) at += 1;
  return at;
}
