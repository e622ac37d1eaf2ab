import { h } from "./dom.js";
import { greeting } from "./time.js";

const openers = ["Explain something to me", "Help me write a message", "Think through a decision with me"];

/** What stands where no message is yet. An opener only fills the message field: it is for the person to send. */
export function emptyView({ name }, onopener) {
  const who = name?.split(" ")[0];
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, who ? `${greeting()}, ${who}` : greeting()),
    h("p", {}, "What would you like to talk about?"),
    h(
      "div",
      { class: "openers" },
      ...openers.map((text) => {
        const onclick = () => onopener(`${text}: `);
        return h("button", { class: "button opener", type: "button", onclick }, text);
      }),
    ),
  );
}
