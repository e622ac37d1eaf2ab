/** Builds an element. Strings become text nodes, never markup: what people and models write can't turn into HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** True where a hand-held keyboard would pop up over the page if a field took the focus unasked. */
export const isTouch = () => matchMedia("(hover: none)").matches;
