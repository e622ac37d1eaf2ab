import { s, tongue } from "./strings.js";

/** The browser's own way with dates, where it is one of the language the page speaks. */
export const locale = navigator.languages.find((tag) => tag.startsWith(tongue)) ?? tongue;
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "short" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const wholeDay = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });

/** A label that needs no ticking: the hour of today, the weekday of this week, else the date. */
export function shortTime(text, now = new Date()) {
  const time = new Date(text);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - time) / 86_400_000);
  if (days <= 0) return clock.format(time);
  if (days < 7) return weekday.format(time);
  return (time.getFullYear() === now.getFullYear() ? day : dayOfYear).format(time);
}

/** The name of the day that a time lies in: the same text for all of it, and for no other day. */
export const dayOf = (text) => wholeDay.format(new Date(text));

export const fullTime = (text) => full.format(new Date(text));

export function greeting(now = new Date()) {
  const hour = now.getHours();
  if (hour < 5) return s.time.evening;
  if (hour < 12) return s.time.morning;
  return hour < 18 ? s.time.afternoon : s.time.evening;
}
