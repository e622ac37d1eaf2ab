import { h, loadStyle } from "./dom.js";
import { s } from "./later-strings.js";
import { tongue } from "./strings.js";
import { fullTime } from "./time.js";

const number = new Intl.NumberFormat(tongue);
const seconds = new Intl.NumberFormat(tongue, { style: "unit", unit: "second", maximumFractionDigits: 2 });

/** Everything that is known of a message besides what it says. */
export async function showDetails(message) {
  await loadStyle("message-tools.css");
  const { id, seq, author, model, tokens_used: tokens, latency_ms: latency, metadata = {}, confidence } = message;
  const first = metadata.time_to_first_token_ms;
  const names = s.message.detail;
  const rows = [
    [names.author, author],
    [names.model, model],
    [names.tokens, tokens && tokensText(tokens, metadata.tokens_estimated)],
    [names.latency, latency !== undefined && seconds.format(latency / 1000)],
    [names.first, first !== undefined && seconds.format(first / 1000)],
    [names.confidence, confidence !== undefined && `${Math.round(confidence * 100)} %`],
    [names.finish, metadata.finish_reason],
    [names.created, fullTime(message.created_at)],
    [names.updated, message.updated_at !== message.created_at && fullTime(message.updated_at)],
    [names.seq, number.format(seq)],
    [names.id, id],
  ].filter(([, value]) => value);
  const dialog = h(
    "dialog",
    { class: "dialog details-dialog", "aria-labelledby": "details-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "details-title" }, s.message.details),
      h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { dir: "auto" }, String(value))])),
      h("div", { class: "dialog-actions" }, h("button", { class: "button", autofocus: true }, s.common.close)),
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.getElementById("app").append(dialog);
  dialog.showModal();
}

function tokensText({ prompt, completion, total }, isEstimated) {
  const text = s.message.tokens(...[prompt, completion, total].map((count) => number.format(count)));
  return isEstimated ? s.message.estimated(text) : text;
}
