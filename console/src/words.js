/** Times, numbers and sentences for people. */

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const dayOf = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const moment = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** @param {string} at */
export const exactTime = (at) => exact.format(new Date(at));
/** "09:14" @param {string} at */
export const timeOfDay = (at) => clock.format(new Date(at));
/** "13 Nov, 09:14" @param {string} at */
export const dateAndTime = (at) => moment.format(new Date(at));

/**
 * The day of a time in the reader's zone, as a key.
 * @param {string} at
 */
export function dayKey(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/**
 * "Today", "Yesterday", "Friday 13 November".
 * @param {string} at
 * @param {Date} [now]
 */
export function dayName(at, now = new Date()) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(at) === dayKey(now.toISOString())) return 'Today';
  if (dayKey(at) === dayKey(yesterday.toISOString())) return 'Yesterday';
  const date = new Date(at);
  return date.getFullYear() === now.getFullYear() ? dayOf.format(date) : dayAndYear.format(date);
}

/**
 * "just now", "2 min ago", "Fri 16:04", "13 Nov, 09:14".
 * @param {string} at
 * @param {number} [now]
 */
export function ago(at, now = Date.now()) {
  const minutes = Math.floor((now - Date.parse(at)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 6 * 24 * 60) return weekday.format(new Date(at));
  return dateAndTime(at);
}

/**
 * "1 change", "9 changes".
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** "12.3 KB" @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return plural(bytes, 'byte');
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} KB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * "Ada", "Ada and Ben", "Ada, Ben and 2 others".
 * @param {string[]} names
 */
export function people(names) {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`;
  const last = names[names.length - 1] ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/**
 * All changes of a diff together.
 * @param {{added: number, removed: number, changed: number, moved?: number}} counts
 */
export const total = (counts) => counts.added + counts.removed + counts.changed + (counts.moved ?? 0);

/**
 * Whether a role has the rights of another.
 * @param {string | null | undefined} role
 * @param {'viewer' | 'editor' | 'publisher' | 'admin'} needed
 */
export function may(role, needed) {
  const roles = ['reader', 'viewer', 'editor', 'publisher', 'admin'];
  return roles.indexOf(role ?? '') >= roles.indexOf(needed);
}
