import { s } from "./strings.js";
import { shortTime } from "./time.js";

/** How long ago it was, as long as that is today; then as `shortTime`. */
export function relativeTime(text, now = new Date()) {
  const time = new Date(text);
  const minutes = Math.floor((now - time) / 60_000);
  if (minutes < 1) return s.sidebar.now;
  if (minutes < 60) return s.sidebar.minutes(minutes);
  const isToday = time.toDateString() === now.toDateString();
  return isToday ? s.sidebar.hours(Math.floor(minutes / 60)) : shortTime(text, now);
}
