// Where the rows of a long list lie. Runs in the page, with the app's own module; returns what is not so.
async () => {
  const { LogLayout, spread } = await import("/assets/log-layout.js");
  const wrong = [];
  let count = 0;

  function same(what, found, expected) {
    count += 1;
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
    if (one !== other) wrong.push(`${what}: ${one}, not ${other}`);
  }

  const sized = (rows) => {
    const made = new LogLayout();
    made.resize(rows);
    return made;
  };

  let layout = sized(0);
  same("nothing", [layout.total, layout.indexAt(10), layout.offset(0)], [0, 0, 0]);
  layout = sized(10);
  same("a guess for all", [layout.guess, layout.total, layout.offset(3)], [120, 1200, 360]);
  layout.measure(0, 50);
  same("the mean of what is known, for the others", [layout.guess, layout.total], [50, 500]);
  layout.measure(1, 150);
  same("two", [layout.guess, layout.total, layout.offset(1), layout.offset(2), layout.offset(3)], [100, 1000, 50, 200, 300]);
  layout.measure(1, 350);
  same("measured anew", [layout.guess, layout.offset(2), layout.height(1), layout.height(5)], [200, 400, 350, 200]);
  layout.forget(1);
  layout.forget(7);
  same("forgotten", [layout.guess, layout.total], [50, 500]);
  same("rows by line", [-5, 0, 49, 50, 499, 500, 9999].map((y) => layout.indexAt(y)), [0, 0, 0, 1, 9, 9, 9]);
  same("a window", layout.window(120, 100), [2, 4]);
  same("with more around it", layout.window(120, 100, 60), [1, 5]);
  same("at the edges", [layout.window(-80, 50), layout.window(480, 100, 10)], [[0, 0], [9, 9]]);
  layout.resize(12);
  same("more come at the end", [layout.total, layout.offset(11)], [600, 550]);
  layout.resize(3);
  same("fewer", [layout.total, layout.indexAt(1000)], [150, 2]);
  layout.resize(6);
  same("and more again", [layout.total, layout.height(4)], [300, 50]);

  // Against plain sums, with everything at random but always the same.
  let seed = 1;
  const random = (below) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  layout = sized(1);
  let plain = [undefined];
  for (let round = 0; round < 2000; round += 1) {
    const index = random(plain.length);
    switch (random(4)) {
      case 0: layout.resize(plain.push(...Array(1 + random(20)).fill(undefined))); break;
      case 1: layout.forget(index); plain[index] = undefined; break;
      default: plain[index] = 20 + random(300); layout.measure(index, plain[index]);
    }
    const known = plain.filter((height) => height !== undefined);
    const guess = known.length ? known.reduce((sum, height) => sum + height, 0) / known.length : 120;
    const at = random(plain.length + 1);
    const sum = plain.slice(0, at).reduce((total, height) => total + (height ?? guess), 0);
    if (Math.abs(layout.offset(at) - sum) > 0.01) same(`round ${round}`, layout.offset(at), sum);
    const y = random(Math.ceil(layout.total));
    const found = layout.indexAt(y);
    if (layout.offset(found) > y || layout.offset(found) + layout.height(found) <= y - 0.01) same(`line ${y}`, found, "?");
    count += 2;
  }

  // What one reads stays where it is, whatever is learned of the rows above it.
  layout = sized(10_000);
  let top = 400_000;
  const index = layout.indexAt(top);
  const anchor = { index, shift: layout.offset(index) - top };
  const line = () => layout.offset(anchor.index) - top;
  const before = line();
  for (let round = 0; round < 500; round += 1) {
    layout.measure(random(anchor.index), 20 + random(500));
    layout.measure(anchor.index + random(1000), 20 + random(500));
    top = layout.topFor(anchor);
    if (Math.abs(line() - before) > 0.001) same("the anchor moved", line(), before);
    count += 1;
  }
  layout.resize(10_100);
  same("also when more comes", Math.abs(layout.topFor(anchor) - top) < 0.001, true);

  // Rows from the middle outwards.
  same("all", spread([5, 6], [2, 9], () => true), [2, 9]);
  same("none but those in sight", spread([5, 6], [2, 9], () => false), [5, 6]);
  const asked = [];
  let left = 3;
  same("as many as there is time for", spread([5, 6], [2, 9], (index) => asked.push(index) && left-- > 0), [3, 7]);
  same("the nearest first, and none left out", asked, [4, 7, 3, 8, 2, 8]);
  return { count, wrong };
}
