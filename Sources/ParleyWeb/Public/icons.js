const paths = {
  plus: "M12 5v14M5 12h14",
  pencil: "M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19l-4 1zM14.5 6.5l3 3",
  trash: "M4.5 7h15M10 11v6M14 11v6M6.5 7l1 12.5h9l1-12.5M9 7V4.5h6V7",
  menu: "M4 7h16M4 12h16M4 17h10",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 19V5.5M6 11.5l6-6 6 6",
  stop: "M7 7h10v10H7z",
  pin: "M9 4.5h6l-1 6 3.5 3.5h-11L10 10.5zM12 14v5.5",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  search: "M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5",
  down: "M12 5v13.5M6 12.5l6 6 6-6",
  again: "M19 12a7 7 0 1 1-2-5l2 2M19 4.5V9h-4.5",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 4L2.8 19.5h18.4zM12 10v4.5M12 17v.2",
};

const namespace = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Adds drawings that the first view doesn't need. */
export function addDrawings(more) {
  Object.assign(paths, more);
}

/** A line drawing. It is decoration: the control it stands in carries the name. */
export function icon(name) {
  const attributes = { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" };
  return svg("svg", attributes, svg("path", { d: paths[name] }));
}

/** Parley's mark: two voices that overlap. The same drawing as favicon.svg. */
export function mark() {
  return svg(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("path", { class: "mark-one", d: "M13 3.5a10 10 0 1 1-4.6 18.9L3 24l1.7-5.2A10 10 0 0 1 13 3.5z" }),
    svg("path", { class: "mark-two", d: "M21.5 12.5a7.5 7.5 0 0 1 6.2 11.7l1.3 4.3-4.4-1.2a7.5 7.5 0 1 1-3.1-14.8z" }),
  );
}
