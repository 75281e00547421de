/** Which words of two texts differ. */

/** @import {Hunk} from '../types' */

/** Most words of a text that are compared one by one. */
const MOST = 400;

/** @typedef {{text: string, same: boolean}[]} Marked */

/**
 * Two texts with the words marked that only one of them has.
 * @param {string} before
 * @param {string} after
 * @returns {{before: Marked, after: Marked}}
 */
export function words(before, after) {
  const [a, b] = [split(before), split(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const whole = (/** @type {string[]} */ all, /** @type {Set<number>} */ kept) =>
    joined(all.map((text, n) => ({ text, same: n < start || n >= all.length - end || kept.has(n - start) })));
  return { before: whole(a, same.a), after: whole(b, same.b) };
}

/** @param {string} text */
const split = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

/** @param {Marked} parts */
function joined(parts) {
  /** @type {Marked} */
  const out = [];
  for (const part of parts) {
    const last = out[out.length - 1];
    if (last && last.same === part.same) last.text += part.text;
    else out.push({ ...part });
  }
  return out;
}

/**
 * The places of a longest common subsequence.
 * @param {string[]} a
 * @param {string[]} b
 */
function common(a, b) {
  const found = { a: /** @type {Set<number>} */ (new Set()), b: /** @type {Set<number>} */ (new Set()) };
  if (a.length > MOST || b.length > MOST) return found;
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      found.a.add(i++);
      found.b.add(j++);
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return found;
}

/** @typedef {{kind: 'same' | 'removed' | 'added', text: string, parts?: Marked} | {kind: 'folded', lines: string[]}} TextLine */

/** Unchanged lines that are shown around a change. */
const AROUND = 2;

/**
 * The lines of two texts as one list: what is gone, what is new, and what lies around it; the rest is folded.
 * @param {string} before
 * @param {Hunk[]} hunks
 * @returns {TextLine[]}
 */
export function textLines(before, hunks) {
  const old = before.split('\n');
  /** @type {TextLine[]} */
  const out = [];
  let at = 0;
  hunks.forEach((hunk, index) => {
    unchanged(out, old.slice(at, hunk.before - 1), index === 0 ? 0 : AROUND, AROUND);
    const pairs = hunk.removed.map((line, n) => (hunk.added[n] === undefined ? null : words(line, hunk.added[n])));
    hunk.removed.forEach((text, n) => out.push({ kind: 'removed', text, parts: pairs[n]?.before }));
    hunk.added.forEach((text, n) => out.push({ kind: 'added', text, parts: pairs[n]?.after }));
    at = hunk.before - 1 + hunk.removed.length;
  });
  unchanged(out, old.slice(at), AROUND, 0);
  return out;
}

/**
 * @param {TextLine[]} out
 * @param {string[]} lines
 * @param {number} head lines to show at the beginning
 * @param {number} tail lines to show at the end
 */
function unchanged(out, lines, head, tail) {
  const same = (/** @type {string} */ text) => out.push({ kind: 'same', text });
  if (lines.length <= head + tail + 1) {
    lines.forEach(same);
    return;
  }
  lines.slice(0, head).forEach(same);
  out.push({ kind: 'folded', lines: lines.slice(head, lines.length - tail) });
  lines.slice(lines.length - tail).forEach(same);
}
