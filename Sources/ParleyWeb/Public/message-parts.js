import { h } from "./dom.js";
import { s } from "./later-strings.js";

/** What a message holds besides its text, each as a quiet line that opens; in the order it came in. */
export function partsView(parts) {
  const results = new Map(parts.filter(({ type }) => type === "tool_result").map((part) => [part.tool_call_id, part]));
  const called = new Set(parts.filter(({ type }) => type === "tool_call").map(({ id }) => id));
  // A result stands with its call.
  const shown = parts.filter(({ type, tool_call_id: id }) => type !== "tool_result" || !called.has(id));
  return h("div", { class: "message-parts" }, ...shown.map((part) => partView(part, results)));
}

function partView(part, results) {
  switch (part.type) {
    case "reasoning": return line(s.message.reasoning, h("p", { dir: "auto" }, textOf(part.text)));
    case "tool_call": return callView(part, results.get(part.id));
    case "tool_result": return line(s.message.toolResult(part.name ?? ""), listing(part.content));
    case "image": case "image_url": return imageView(part);
    case "text": return h("p", { dir: "auto" }, textOf(part.text));
    default: return line(s.message.unknownPart(String(part.type)), listing(part));
  }
}

function callView({ name, arguments: given }, result) {
  return line(
    result?.is_error ? s.message.toolFailed(name) : s.message.tool(name),
    listing(given),
    result && listing(result.content),
  );
}

const line = (title, ...content) => {
  return h("details", { class: "part" }, h("summary", {}, title), h("div", { class: "part-content" }, ...content));
};

const listing = (value) => h("pre", { tabindex: 0, dir: "ltr" }, textOf(value));

function textOf(value) {
  if (typeof value !== "string") return JSON.stringify(value ?? "", null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

/** Only what came with the message is shown by itself: asking another host for it would tell that host who reads it. */
function imageView(part) {
  const url = String(part.image_url?.url ?? part.url ?? part.data ?? "");
  const name = part.alt ?? s.message.image;
  if (/^data:image\/(png|jpeg|gif|webp);base64,/.test(url)) return h("img", { class: "part-image", src: url, alt: name });
  return linkTo(url, name) ?? line(s.message.unknownPart(part.type), listing(part));
}

/** A link to where nothing but a page or a mail can come from; else nothing. */
export function linkTo(url, text) {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!["http:", "https:", "mailto:"].includes(parsed?.protocol)) return null;
  return h("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}
