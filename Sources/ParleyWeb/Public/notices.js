import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { s } from "./strings.js";

const area = document.getElementById("notices");
const announcer = document.getElementById("announcer");
const visibleFor = 8000;
const timers = new Set();

/** Tells what went wrong, without taking the focus. It leaves by itself, or when it is closed. */
export function notify(text) {
  const notice = h(
    "div",
    { class: "notice", role: "alert" },
    h("p", {}, text),
    iconButton("close", s.common.close, () => notice.remove()),
  );
  area.append(notice);
  const timer = setTimeout(() => { timers.delete(timer); notice.remove(); }, visibleFor);
  timers.add(timer);
}

/** Tells a screen reader, when it has finished what it says, and nobody else. */
export function announce(text) {
  announcer.textContent = text;
}

/** Runs a piece of work and tells of its failure, `what` being what could not be done. */
export async function attempt(what, work) {
  try {
    await work();
    return true;
  } catch (error) {
    // An abort is the work of whoever left; nobody waits for its outcome.
    if (error.name !== "AbortError") notify(`${what} ${error.message}`);
    return false;
  }
}

/** Nothing of what was told stays: not in the page, and not in timers that would hold it. */
export function clearNotices() {
  for (const timer of timers) clearTimeout(timer);
  timers.clear();
  announcer.textContent = "";
  area.replaceChildren();
}
