/** What changed, as people read it. */

import { NumberText } from './api.js';
import { button, h, number, own, plural, total, visible } from './dom.js';

/** @import {Change, Child, Conflict, Counts, Hunk, Marked, TextLine} from '../types' */

/** Changes that are shown at first, and more of them at a click. */
const FIRST = 100;

/** Characters and lines of a value at first, and characters at most. */
const SHORT = 1200;
const LINES = 12;
const LONG = 60_000;

/** Unchanged characters that are shown around a change, and how many at least are folded. */
const NEAR = 120;
const FOLDED = 400;

const WORDS = { add: 'Added', remove: 'Removed', replace: 'Changed', move: 'Moved' };

/** What alone differs between texts that look alike. @type {Record<string, string>} */
const ONLY = { 'line-ends': 'line ends', 'white-space': 'white space', invisible: 'invisible characters' };

/** @param {Counts} counts */
export function countsInWords(counts) {
  const parts = [
    [counts.changed, 'changed'],
    [counts.added, 'added'],
    [counts.removed, 'removed'],
    [counts.moved ?? 0, 'moved'],
  ];
  return (
    parts
      .filter(([count]) => count)
      .map(([count, what]) => `${number(Number(count))} ${what}`)
      .join(', ') || 'No changes'
  );
}

/** "9 changes". @param {{counts: Counts} | null} diff */
export const changes = (diff) => (diff ? plural(total(diff.counts), 'change') : 'changes that cannot be shown');

/**
 * The changes of a diff.
 * @param {{changes: Change[]}} diff
 * @param {{blame?: (change: Change) => void, pick?: (change: Change, picked: boolean) => void}} [options] `pick`: not of a
 *   move, which would bring back the whole element
 */
export function changeList(diff, options = {}) {
  const list = h('ol.changes', { role: 'list' });
  let shown = 0;
  const more = button('', () => showMore(), { class: 'quiet more' });
  const showMore = () => {
    const until = Math.min(diff.changes.length, shown + FIRST);
    list.append(...diff.changes.slice(shown, until).map((change) => changeItem(change, options)));
    shown = until;
    more.hidden = shown >= diff.changes.length;
    more.textContent = `Show ${Math.min(FIRST, diff.changes.length - shown)} more of ${plural(diff.changes.length - shown, 'change')}`;
  };
  showMore();
  return h('div.change-list', list, more);
}

/** @param {Change} change @param {Parameters<typeof changeList>[1]} options */
function changeItem(change, options = {}) {
  const op = /** @type {keyof typeof WORDS} */ (change.op);
  const pick =
    options.pick && change.op !== 'add' && change.op !== 'move'
      ? h('input', {
          type: 'checkbox',
          class: 'pick',
          'aria-label': `Choose ${visible(short(change.label))}`,
          onchange: (/** @type {any} */ e) => options.pick?.(change, e.target.checked),
        })
      : null;
  const who = op === 'remove' ? 'Who removed this?' : 'Who changed this?';
  const blame =
    options.blame &&
    button(who, () => options.blame?.(change), {
      class: 'quiet who',
      'aria-label': `${who} ${visible(short(change.label))}`,
    });
  return h(
    'li',
    { class: `change op-${op}`, tabindex: '-1' },
    h(
      'div.change-head',
      pick,
      h('span', { class: `op ${op}` }, WORDS[op] ?? change.op, change.only && `: only ${ONLY[change.only] ?? change.only}`),
      own(change.label ? short(change.label) : 'The whole config', 'where'),
      blame,
    ),
    body(change),
  );
}

/** @param {string} text */
const short = (text) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** @param {Change} change */
function body(change) {
  if (change.op === 'move')
    return h(
      'p.moved',
      change.follows ? ['Now after ', own(short(change.follows))] : 'Now the first',
      ': from ',
      code(change.from ?? change.path),
      ' to ',
      code(change.path),
    );
  if (change.lines && typeof change.before === 'string') return textChange(change.before, change.lines);
  const { before, after } = change;
  if (typeof before === 'string' && typeof after === 'string') {
    const marked = words(before, after);
    const both = [...marked.before, ...marked.after];
    // Long texts with nothing in common: the beginnings say as much.
    if (before.length + after.length < ALIGNED || both.some((part) => part.same))
      return h('div.values', marks('before', 'Before', marked.before), marks('after', 'After', marked.after));
  }
  return h(
    'div.values',
    change.op === 'add' ? null : value('before', 'Before', before),
    change.op === 'remove' ? null : value('after', 'After', after),
  );
}

/** @param {string} text */
const code = (text) => h('code', own(short(text)));

/** @param {'before' | 'after'} side @param {string} name @param {Marked} parts */
function marks(side, name, parts) {
  const tag = side === 'before' ? 'del' : 'ins';
  return h(
    'div',
    { class: `value ${side}` },
    h('span.side', name),
    h('pre', { dir: 'auto' }, parts.length ? marked(parts, tag) : h('i', 'empty text')),
  );
}

/** What is marked in a text, and what is around it. @param {Marked} parts @param {'del' | 'ins'} tag */
const marked = (parts, tag) =>
  parts.map(({ text, same }, n) => {
    if (same) return folded(text, n > 0 ? NEAR : 0, n < parts.length - 1 ? NEAR : 0);
    const rest = text.length - LONG;
    return [h(tag, null, text.slice(0, LONG)), rest > 0 ? h('i', ` … and ${number(rest)} characters more`) : null];
  });

/** An unchanged part of a text without its middle. @param {string} text @param {number} head @param {number} tail characters at its ends */
function folded(text, head, tail) {
  const [from, to] = [whole(text, head), whole(text, text.length - tail)];
  if (to - from < FOLDED) return text;
  const all = button(
    `… ${number(to - from)} characters unchanged …`,
    () => all.replaceWith(visible(text.slice(from, Math.min(to, from + LONG)))),
    { class: 'quiet folded' },
  );
  return [text.slice(0, from), all, text.slice(to)];
}

/** A place in a text that parts no pair of halves. @param {string} text @param {number} at */
const whole = (text, at) => (/[\udc00-\udfff]/.test(text[at] ?? '') ? at + 1 : at);

/**
 * A value in its own block; a long one is cut until it is asked for.
 * @param {'before' | 'after'} side
 * @param {string} name
 * @param {unknown} given
 */
export function value(side, name, given) {
  const text = pretty(given);
  const start = text.slice(0, SHORT).split('\n').slice(0, LINES).join('\n');
  const pre = h('pre', { dir: 'auto' }, visible(start));
  const all =
    text.length <= start.length
      ? null
      : button(
          `Show all of it (${number(text.length)} characters)`,
          () => {
            pre.textContent = visible(text.slice(0, LONG));
            if (text.length > LONG)
              pre.append(
                h('i', ` … and ${number(text.length - LONG)} characters more. Download the JSON to see them.`),
              );
            all?.remove();
          },
          { class: 'quiet' },
        );
  if (all) pre.append('…');
  return h('div', { class: `value ${side}` }, h('span.side', name), pre, all);
}

/** A value as JSON with indents; a string as its text. @param {unknown} given */
export function pretty(given) {
  if (typeof given === 'string') return given;
  if (given === undefined) return 'not there';
  return written(given, '');
}

/** @param {any} given @param {string} indent @returns {string} */
function written(given, indent) {
  if (given instanceof NumberText) return given.text;
  if (typeof given !== 'object' || given === null) return JSON.stringify(given);
  const inner = `${indent}  `;
  const parts = Array.isArray(given)
    ? given.map((part) => inner + written(part, inner))
    : Object.entries(given).map(([key, part]) => `${inner}${JSON.stringify(key)}: ${written(part, inner)}`);
  const [open, close] = Array.isArray(given) ? '[]' : '{}';
  return parts.length ? `${open}\n${parts.join(',\n')}\n${indent}${close}` : `${open}${close}`;
}

/** A text of several lines with what changed in it. @param {string} before @param {Hunk[]} hunks */
function textChange(before, hunks) {
  const box = h('div.text-diff');
  const signs = { same: ' ', removed: '−', added: '+' };
  const line = (
    /** @type {'same' | 'removed' | 'added'} */ kind,
    /** @type {string} */ text,
    /** @type {Marked | undefined} */ parts,
  ) =>
    h(
      'div',
      { class: `line ${kind}` },
      h(
        'span.sign',
        { 'aria-label': kind === 'same' ? null : kind, role: kind === 'same' ? null : 'img' },
        signs[kind],
      ),
      h('span.text', { dir: 'auto' }, parts ? marked(parts, kind === 'removed' ? 'del' : 'ins') : text.slice(0, LONG)),
    );
  for (const item of textLines(before, hunks)) {
    if (item.kind !== 'folded') box.append(line(item.kind, item.text, item.parts));
    else {
      const fold = button(
        `${plural(item.lines.length, 'unchanged line')}`,
        () => fold.replaceWith(...item.lines.slice(0, 2000).map((text) => line('same', text, undefined))),
        { class: 'quiet folded' },
      );
      box.append(fold);
    }
  }
  return box;
}

/** Most words of a text that are compared one by one, and most characters that are parted into words. */
const MOST = 400;
const ALIGNED = 10_000;

/** A character of a word. */
const WORD = /[\p{L}\p{N}_\ud800-\udfff]/u;

/**
 * Marks the words that only one of two texts has.
 * @param {string} before
 * @param {string} after
 * @returns {{before: Marked, after: Marked}}
 */
export function words(before, after) {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  // Words are marked as a whole.
  const inside = (/** @type {string} */ text, /** @type {number} */ at) =>
    at > 0 && at < text.length && WORD.test(text[at - 1] ?? '') && WORD.test(text[at] ?? '');
  while (inside(before, start) || inside(after, start)) start--;
  while (inside(before, before.length - end) || inside(after, after.length - end)) end--;
  const [x, y] = [before, after].map((text) => text.slice(start, text.length - end));
  const aligned = (x?.length ?? 0) + (y?.length ?? 0) <= ALIGNED;
  const [a, b] = [x, y].map((text = '') => (aligned ? split(text) : [text]));
  const same = common(a ?? [], b ?? []);
  const parts = (/** @type {string} */ text, /** @type {string[]} */ middle, /** @type {Set<number>} */ kept) =>
    joined([
      { text: text.slice(0, start), same: true },
      ...middle.map((word, n) => ({ text: word, same: kept.has(n) })),
      { text: text.slice(text.length - end), same: true },
    ]);
  return { before: parts(before, a ?? [], same.a), after: parts(after, b ?? [], same.b) };
}

/** @param {string} text */
const split = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

/** @param {Marked} parts */
function joined(parts) {
  /** @type {Marked} */
  const out = [];
  for (const part of parts) {
    if (!part.text) continue;
    const last = out[out.length - 1];
    if (last && last.same === part.same) last.text += part.text;
    else out.push({ ...part });
  }
  return out;
}

/** The places of a longest common subsequence. @param {string[]} a @param {string[]} b */
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

/** Unchanged lines that are shown around a change. */
const AROUND = 2;

/**
 * What is gone, what is new and what is around it; the rest is folded.
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

/**
 * What each has at a place that two changed.
 * @param {Conflict} conflict
 * @param {string} ours what the side that is there is called
 * @param {string} theirs what the other is called
 * @param {Child} [choices]
 */
export function bothSides(conflict, ours, theirs, choices) {
  return h(
    'fieldset.conflict',
    h('legend', own(conflict.label || conflict.path)),
    conflict.order || conflict.values_left_out
      ? h('p', conflict.order ? 'Both moved it, to different places.' : 'The values are too long to be shown here.')
      : h('div.values.two', value('before', ours, conflict.ours), value('after', theirs, conflict.theirs)),
    choices,
  );
}

/** @param {string} name of all choices @param {string} text @param {() => void} onchange */
export const radio = (name, text, onchange) => h('label.choice', h('input', { type: 'radio', name, onchange }), text);
