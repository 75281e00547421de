/** Who gave a value its present form, and who removed what is gone. */

import { value } from './changes.js';
import { Dialog, explained } from './dialog.js';
import { avatar, button, dateAndTime, h, own, skeleton } from './dom.js';
import { asProblem } from './store.js';

/** @import {Api, Change, Child, Diff, Panel} from '../types' */

/** @param {Panel} panel @param {string} pointer @param {string | number} version */
export const blame = (panel, pointer, version) =>
  tell(panel, 'Who changed this?', version, () => panel.api.get('/blame', { path: pointer, version }));

/** @param {Panel} panel @param {Diff} diff @param {Change} change what the newer side of the diff does not have */
export function blameRemoval(panel, diff, change) {
  const { from, to } = diff;
  // The right side is the older one: what it lacks was added later.
  if (from.version > to.version) return blame(panel, change.path, from.name ?? from.version);
  return tell(panel, 'Who removed this?', to.name ?? to.version, () => removal(panel.api, diff, change));
}

/**
 * Finds the entry that removed a value, by bisection. Indexes are no names: only a diff with the version that had it tells.
 * @param {Api} api
 * @param {Diff} diff
 * @param {Change} change
 */
async function removal(api, { from, to }, { path, label, before }) {
  const older = from.name ?? from.version;
  // What was promoted was never the working version.
  let low = from.name ? from.version - 1 : from.version;
  let high = to.version;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const { changes } = await api.diff(older, middle);
    if (changes.some((change) => takes(change, path))) high = middle;
    else low = middle;
  }
  if (high === from.version) return { label, path, never: from.name };
  return { label, path, before, complete: true, entry: await api.get(`/versions/${high}`) };
}

/** Whether a change removes a place or what is around it. @param {Change} change @param {string} place */
function takes({ op, path, from = path }, place) {
  if (op === 'remove') return `${place}/`.startsWith(`${path}/`);
  return op === 'replace' && place.startsWith(`${from}/`);
}

/** @param {Panel} panel @param {string} title @param {string | number} version where the value is @param {() => Promise<any>} first */
async function tell(panel, title, version, first) {
  const dialog = new Dialog(panel.root, { title, body: [skeleton()] });
  /** @type {(() => Promise<void>) | null} */
  let failed = null;
  panel.root.addEventListener('back', () => void failed?.(), dialog.life);
  /** @param {() => Promise<any>} read */
  const look = async (read) => {
    dialog.show([skeleton()]);
    failed = null;
    try {
      const found = await read();
      dialog.show(answer(panel, dialog, version, found, () => look(() => panel.api.get(found.next))));
    } catch (error) {
      const problem = asProblem(error);
      failed = () => look(read);
      const text =
        problem.type === 'place-not-found'
          ? [h('p', 'There is nothing at this place in this version, and there never was.')]
          : explained(problem);
      dialog.show([
        h('div.problem', { role: 'alert' }, text),
        problem.status === 404 ? null : button('Try again', () => look(read)),
      ]);
    }
  };
  await look(first);
}

/**
 * @param {Panel} panel
 * @param {Dialog} dialog
 * @param {string | number} version
 * @param {any} found
 * @param {() => Promise<void>} goOn
 * @returns {Child[]}
 */
function answer(panel, dialog, version, found, goOn) {
  const where = h('p.where', own(found.label || found.path || 'The whole config'));
  if (found.never) return [where, h('p', `The working version never had it: it came with ${found.never}.`)];
  if (!found.complete) {
    return [
      where,
      h('p', `Nobody changed it since #${found.unchanged_since}. That is as far as one look goes.`),
      button('Look further back', () => goOn()),
    ];
  }
  const { entry } = found;
  const back = found.brought_back;
  // What it was there may be something else by now.
  const now = version === 'working' ? 'Now' : `In ${typeof version === 'number' ? `#${version}` : version}`;
  const shown = (/** @type {any} */ v) =>
    v && typeof v === 'object' && 'bytes_not_shown' in v
      ? `${v.bytes_not_shown} bytes, too much to show here`
      : (v ?? undefined);
  return [
    where,
    h(
      'p.blamed',
      avatar(entry.author),
      h('strong', own(entry.author.name)),
      `, ${dateAndTime(entry.at)}, #${entry.version}`,
      back ? h('span', '; brought back by ', own(back.author.name), `'s restore #${back.version}`) : null,
    ),
    h('div.values.two', value('before', 'Before', shown(found.before)), value('after', now, shown(found.value))),
    button(`Open #${entry.version}`, () => {
      dialog.close();
      panel.open(entry);
    }),
  ];
}
