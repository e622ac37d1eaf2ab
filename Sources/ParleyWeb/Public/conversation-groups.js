import { firstIndex } from "./ordered-conversations.js";
import { s } from "./strings.js";
import { locale } from "./time.js";

const month = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
/** Monday is 1; not every browser knows where the week begins. */
const { firstDay = 1 } = new Intl.Locale(locale).getWeekInfo?.() ?? {};

/**
 * Where the groups of a list begin: `{ label, start, count }`, by days of the browser's time zone; none is empty.
 *
 * `items` are ordered: so many pinned ones, and then the newest first. Only some are looked at, by halves.
 */
export function groupsOf(items, pinnedCount, now = new Date()) {
  const groups = [];
  let start = 0;
  const close = (label, end) => {
    if (end > start) groups.push({ label, start, count: end - start });
    start = Math.max(start, end);
  };
  const since = (time) => {
    const text = time.toISOString();
    return firstIndex(items, ({ updated_at }) => updated_at < text, start);
  };
  close(s.sidebar.pinned, pinnedCount);
  const day = (back) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - back);
  close(s.sidebar.today, since(day(0)));
  close(s.sidebar.yesterday, since(day(1)));
  close(s.sidebar.thisWeek, since(day((now.getDay() - firstDay + 7) % 7)));
  while (start < items.length) {
    const time = new Date(items[start].updated_at);
    const first = new Date(time.getFullYear(), time.getMonth(), 1);
    close(month.format(first), since(first));
  }
  return groups;
}
