const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });

/** A label that needs no ticking: the hour of today, the weekday of this week, else the date. */
export function shortTime(text, now = new Date()) {
  const time = new Date(text);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - time) / 86_400_000);
  if (days <= 0) return clock.format(time);
  if (days < 7) return weekday.format(time);
  return (time.getFullYear() === now.getFullYear() ? day : dayOfYear).format(time);
}

export const fullTime = (text) => full.format(new Date(text));

export function greeting(now = new Date()) {
  const hour = now.getHours();
  if (hour < 5) return "Good evening";
  if (hour < 12) return "Good morning";
  return hour < 18 ? "Good afternoon" : "Good evening";
}
