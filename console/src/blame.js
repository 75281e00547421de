/** Who changed a value. */

import { value } from './changes.js';
import { Dialog, explained } from './dialog.js';
import { avatar, button, dateAndTime, h, own, skeleton } from './dom.js';
import { asProblem } from './store.js';

/** @import {Child, Panel} from '../types' */

/** @param {Panel} panel @param {string} pointer @param {string | number} version */
export async function blame(panel, pointer, version) {
  const dialog = new Dialog(panel.root, { title: 'Who changed this?', body: [skeleton()] });
  /** @param {string} path */
  const look = async (path) => {
    dialog.show([skeleton()]);
    try {
      const found = await panel.api.call('GET', path, { exact: true });
      dialog.show(answer(panel, dialog, found, look));
    } catch (error) {
      const problem = asProblem(error);
      const text =
        problem.type === 'place-not-found'
          ? [h('p', null, 'There is nothing at this place in this version, and there never was.')]
          : explained(problem);
      dialog.show([
        h('div', { class: 'problem', role: 'alert' }, text),
        problem.status === 404 ? null : button('Try again', () => void look(path)),
      ]);
    }
  };
  await look(`/blame?${new URLSearchParams({ path: pointer, version: `${version}` })}`);
  await dialog.closed;
}

/**
 * @param {Panel} panel
 * @param {Dialog} dialog
 * @param {any} found
 * @param {(path: string) => Promise<void>} look
 * @returns {Child[]}
 */
function answer(panel, dialog, found, look) {
  const where = h('p', { class: 'where' }, own(found.label || found.path || 'The whole config'));
  if (!found.complete) {
    return [
      where,
      h('p', null, `Nobody changed it since #${found.unchanged_since}. That is as far as one look goes.`),
      button('Look further back', () => void look(found.next)),
    ];
  }
  const { entry } = found;
  const back = found.brought_back;
  const shown = (/** @type {any} */ v) =>
    v && typeof v === 'object' && 'bytes_not_shown' in v
      ? `${v.bytes_not_shown} bytes, too much to show here`
      : (v ?? undefined);
  return [
    where,
    h(
      'p',
      { class: 'blamed' },
      avatar(entry.author),
      h('strong', null, own(entry.author.name)),
      `, ${dateAndTime(entry.at)}, #${entry.version}`,
      back ? h('span', null, '; brought back by ', own(back.author.name), `'s restore #${back.version}`) : null,
    ),
    h(
      'div',
      { class: 'values two' },
      value('before', 'Before', shown(found.before)),
      value('after', found.deleted ? 'Now: deleted' : 'Now', shown(found.value)),
    ),
    button(`Open #${entry.version}`, () => {
      dialog.close();
      panel.open(entry);
    }),
  ];
}
