import { iconButton } from "./controls.js";
import { h } from "./dom.js";

const area = document.getElementById("notices");
const visibleFor = 8000;

/** Tells what went wrong, without taking the focus. It leaves by itself, or when it is closed. */
export function notify(text) {
  const notice = h(
    "div",
    { class: "notice", role: "alert" },
    h("p", {}, text),
    iconButton("close", "Close", () => notice.remove()),
  );
  area.append(notice);
  setTimeout(() => notice.remove(), visibleFor);
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

export function clearNotices() {
  area.replaceChildren();
}
