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

const styles = new Map();

/** A style sheet that isn't there from the first: settles once it holds, and asks for it once. */
export function loadStyle(name) {
  if (!styles.has(name)) {
    styles.set(name, new Promise((resolve) => {
      const onload = () => resolve();
      const onerror = ({ target }) => {
        // It is asked for again the next time.
        target.remove();
        styles.delete(name);
        resolve();
      };
      document.head.append(h("link", { rel: "stylesheet", href: `/assets/${name}`, onload, onerror }));
    }));
  }
  return styles.get(name);
}

/** True where a hand-held keyboard would pop up over the page if a field took the focus unasked. */
export const isTouch = () => matchMedia("(hover: none)").matches;
