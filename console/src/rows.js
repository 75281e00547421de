/** The timeline as rows of known height, so that only those in sight need be in the page. */

import { newest } from './store.js';
import { dayKey, dayName } from './words.js';

/** @import {Line} from '../types' */

/** @typedef {{kind: 'day', text: string, top: number} | {kind: 'line', line: Line, level: 1 | 2, top: number, place: number}} Row */

/** Heights in pixels, as the style sheet has them. */
export const ROW = 56;
export const DAY = 36;

/** The day of each line, since telling it takes longer than all the rest. @type {WeakMap<Line, string>} */
const days = new WeakMap();

/** @param {Line} line */
function dayOf(line) {
  let day = days.get(line);
  if (day === undefined) days.set(line, (day = dayKey(line.at)));
  return day;
}

/**
 * Lays out lines, newest first, with a heading for each day and the saves of the sessions that are open.
 * @param {Line[]} lines
 * @param {Set<number>} open the newest versions of sessions that show their saves
 * @returns {{rows: Row[], height: number}}
 */
export function layOut(lines, open) {
  /** @type {Row[]} */
  const rows = [];
  let top = 0;
  let day = '';
  let place = 0;
  for (const line of lines) {
    const key = dayOf(line);
    if (key !== day) {
      day = key;
      rows.push({ kind: 'day', text: dayName(line.at), top });
      top += DAY;
    }
    rows.push({ kind: 'line', line, level: 1, top, place: ++place });
    top += ROW;
    if (!('items' in line) || !open.has(newest(line))) continue;
    for (const entry of line.items) {
      rows.push({ kind: 'line', line: entry, level: 2, top, place });
      top += ROW;
    }
  }
  return { rows, height: top };
}

/**
 * The index of the last row that begins at or above a place.
 * @param {Row[]} rows
 * @param {number} y
 */
export function rowAt(rows, y) {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle]?.top ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
