import { h } from "./dom.js";
import { s } from "./strings.js";
import { greeting } from "./time.js";

/** What stands where no message is yet. An opener only fills the message field: it is for the person to send. */
export function emptyView({ name }, onopener) {
  const who = name?.split(" ")[0];
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, who ? `${greeting()}, ${who}` : greeting()),
    h("p", {}, s.conversation.ask),
    h(
      "div",
      { class: "openers" },
      ...s.conversation.openers.map((text) => {
        const onclick = () => onopener(`${text}: `);
        return h("button", { class: "button opener", type: "button", onclick }, text);
      }),
    ),
  );
}
