// Dates and times in the reader's language and time zone.

import { language, t } from "../i18n.js";

const formats = new Map();

function format(name, options) {
  const key = `${language()}:${name}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language(), options));
  return formats.get(key);
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Whole calendar days between the date and now; rounding absorbs the hour that daylight saving moves. */
function daysAgo(date) {
  return Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
}

export function daysSince(iso) {
  return daysAgo(new Date(iso));
}

export function timeOfDay(iso) {
  return format("time", { hour: "numeric", minute: "2-digit" }).format(new Date(iso));
}

export function fullTime(iso) {
  return format("full", { dateStyle: "full", timeStyle: "medium" }).format(new Date(iso));
}

export function sameDay(a, b) {
  return startOfDay(new Date(a)) === startOfDay(new Date(b));
}

export function dayLabel(iso) {
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days === 0) return t("time.today");
  if (days === 1) return t("time.yesterday");
  if (days > 1 && days < 7) return format("weekday", { weekday: "long" }).format(date);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  return thisYear
    ? format("day", { weekday: "short", day: "numeric", month: "long" }).format(date)
    : format("day-year", { day: "numeric", month: "long", year: "numeric" }).format(date);
}

export function dayAndTime(iso) {
  return t("time.day_at", { day: dayLabel(iso), time: timeOfDay(iso) });
}

/** Short enough for the corner of a list row: the time today, else the day. */
export function listLabel(iso) {
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days <= 0) return timeOfDay(iso);
  if (days === 1) return t("time.yesterday");
  if (days < 7) return format("weekday-short", { weekday: "short" }).format(date);
  return date.getFullYear() === new Date().getFullYear()
    ? format("date", { day: "numeric", month: "short" }).format(date)
    : format("date-year", { dateStyle: "short" }).format(date);
}
