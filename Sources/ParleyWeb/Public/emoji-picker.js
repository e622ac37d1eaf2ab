import { h, loadStyle } from "./dom.js";
import { s } from "./later-strings.js";

const offered = ["👍", "👎", "❤️", "🎉", "😄", "😮", "😢", "🤔", "👀", "✅", "🚀", "🙏"];
const inARow = 6;

/** Resolves to the emoji that is picked at a button, or to null. */
export async function pickEmoji(anchor) {
  await loadStyle("message-tools.css");
  return new Promise((resolve) => {
    let picked = null;
    const buttons = offered.map((emoji) => {
      const onclick = () => { picked = emoji; picker.hidePopover(); };
      return h("button", { class: "emoji", type: "button", "aria-label": s.message.reactWith(emoji), onclick }, emoji);
    });
    const attributes = { class: "emoji-picker", role: "dialog", "aria-label": s.message.react, popover: "auto" };
    const picker = h("div", attributes, ...buttons);
    picker.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: inARow, ArrowUp: -inARow }[event.key];
      if (step === undefined) return;
      buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
      event.preventDefault();
    });
    picker.addEventListener("toggle", ({ newState }) => {
      if (newState !== "closed") return;
      const hadFocus = picker.contains(document.activeElement) || document.activeElement === document.body;
      picker.remove();
      if (hadFocus) anchor.focus({ preventScroll: true });
      resolve(picked);
    });
    document.body.append(picker);
    picker.showPopover();
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = picker;
    const { clientWidth } = document.documentElement;
    picker.style.left = `${Math.max(8, Math.min(at.left, clientWidth - width - 8))}px`;
    picker.style.top = `${at.top - height - 6 > 0 ? at.top - height - 6 : at.bottom + 6}px`;
    buttons[0].focus();
  });
}
