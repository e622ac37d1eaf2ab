import { tongue } from "./strings.js";

/** The words of the operator's page in the page's language. */
export const t = (await import(`./operator-strings.${tongue}.js`)).default;

const whole = new Intl.NumberFormat(tongue);
const few = new Intl.NumberFormat(tongue, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(tongue, { notation: "compact", maximumFractionDigits: 1 });
const part = new Intl.NumberFormat(tongue, { style: "percent", maximumFractionDigits: 0 });
const finePart = new Intl.NumberFormat(tongue, { style: "percent", maximumFractionDigits: 1 });
const shortDay = new Intl.DateTimeFormat(tongue, { day: "numeric", month: "short", timeZone: "UTC" });
const longDay = new Intl.DateTimeFormat(tongue, { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat(tongue, { timeStyle: "medium" });
const unit = (name, digits = 0) => new Intl.NumberFormat(tongue, {
  style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: digits,
});
const units = {
  millisecond: unit("millisecond", 1), second: unit("second", 1), minute: unit("minute"), hour: unit("hour"), day: unit("day"),
};

/** A number with all of its digits. */
export const number = (value) => whole.format(value);
/** A number with one digit behind the point, where it has any. */
export const fraction = (value) => few.format(value);
/** A large number in few characters. */
export const brief = (value) => (value < 10_000 ? few.format(value) : compact.format(value));
/** A part of a whole; the small ones with a digit more. */
export const percent = (value) => (value > 0 && value < 0.1 ? finePart : part).format(value);
/** A time of day, here. */
export const time = (date) => clock.format(date);

/** A day of the server's: a short name and a long one. */
export function dayNames(date) {
  const day = new Date(`${date}T00:00:00Z`);
  return { short: shortDay.format(day), long: longDay.format(day) };
}

/** How long something took, in milliseconds. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return units.millisecond.format(milliseconds < 10 ? milliseconds : Math.round(milliseconds));
  if (milliseconds < 120_000) return units.second.format(milliseconds / 1000);
  return units.minute.format(milliseconds / 60_000);
}

/** How long something has been running: its two largest units. */
export function age(seconds) {
  const amounts = { day: Math.floor(seconds / 86_400), hour: Math.floor(seconds / 3600) % 24, minute: Math.floor(seconds / 60) % 60 };
  const parts = Object.entries(amounts).filter(([, amount]) => amount > 0).slice(0, 2);
  if (!parts.length) return units.second.format(Math.floor(seconds));
  return parts.map(([name, amount]) => units[name].format(amount)).join(" ");
}
