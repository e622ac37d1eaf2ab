import { linkButton } from "./controls.js";
import { h, loadStyle } from "./dom.js";
import { s } from "./rescue-strings.js";

/** A line over the workspace that leads to what an older web app left here, until it is sent away. */
export async function offerRescue(workspace, router, signal) {
  await loadStyle("rescue.css");
  if (signal.aborted || location.pathname === "/rescue") return;
  const leave = () => banner.remove();
  const banner = h(
    "aside",
    { class: "rescue-banner" },
    h("p", {}, s.banner),
    linkButton(s.look, () => {
      leave();
      router.go({ page: "rescue" });
    }),
    h("button", { class: "link rescue-later", type: "button", onclick: leave }, s.later),
  );
  workspace.querySelector(".skip-link").after(banner);
}
