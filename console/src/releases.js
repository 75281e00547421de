/** What users see: publishing, rolling back, and taking a release away. */

import { changes } from './changes.js';
import { ask, Dialog, effect } from './dialog.js';
import { ago, button, h, own } from './dom.js';

/** @import {Actions, Entry, Problem, Question} from '../types' */

/**
 * @param {Actions} actions
 * @param {number} version
 * @param {string} [name] the name of a snapshot, which is published in the place of the version
 * @param {string} [as] what the version is to be called
 */
export function publish(actions, version, name, as = actions.standing?.next_name) {
  const standing = actions.standing;
  if (!standing) return;
  const live = standing.live;
  const what = name ?? as ?? `#${version}`;
  const which = name ? what : `${what} (#${version})`;
  /** @type {Question} */
  const question = {
    title: `Publish ${what} to ${actions.env}?`,
    act: `Publish ${what}`,
    run: (dialog) =>
      act(actions, dialog, '/publish', {
        ...(name ? { snapshot: name } : { version, name: as }),
        expect_live: live?.name ?? null,
      }),
    explain: (problem, dialog) =>
      faster(actions, problem, dialog, () => publish(actions, version, name)) ??
      taken(problem, dialog, as, (next) => publish(actions, version, name, next)),
  };
  if (live)
    ask(
      actions.panel,
      question,
      () => actions.api.diff('live', name ?? version),
      (diff) => [
        effect(
          'Users',
          diff?.changes.length === 0
            ? `no change: ${which} is what they have.`
            : `from ${live.name} to ${which}, ${changes(diff)}, within 5 seconds.`,
        ),
        effect('Builders', 'no change.'),
      ],
    );
  else
    new Dialog(actions.panel.root, {
      ...question,
      lines: [
        effect('Users', `from here on they see ${which}, and later edits only when they are published.`),
        effect('Builders', 'no change.'),
      ],
    });
}

/** Does it, and says so. @param {Actions} actions @param {Dialog} dialog @param {string} path @param {object} body */
export async function act({ api, panel }, dialog, path, body) {
  const entry = await api.post(path, body, dialog.keyFor(body));
  panel.published(entry);
  const soon = `${entry.label}. Users have it within ${entry.users_see_it_within_seconds} seconds.`;
  panel.toast(entry.unchanged ? 'Users have this already.' : soon);
}

/**
 * When the name belongs to another snapshot: the next one is offered.
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {string | undefined} name
 * @param {(next: string) => void} again
 */
export function taken(problem, dialog, name, again) {
  if (problem.type !== 'name-taken' || !name) return null;
  return anew(dialog, h('p', `There is a snapshot called ${name} already. Nothing was published.`), () =>
    again(`v${Number(name.slice(1)) + 1}`),
  );
}

/** A way to begin again in the place of the dialog's button. @param {Dialog} dialog @param {HTMLElement} note @param {() => void} again */
function anew(dialog, note, again) {
  dialog.action?.remove();
  const anew = () => {
    dialog.close();
    again();
  };
  return [note, button('Review again', anew, { class: 'primary' })];
}

/**
 * When somebody else changed what users see.
 * @param {Actions} actions
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {() => void} again
 */
export function faster(actions, problem, dialog, again) {
  if (problem.type !== 'live-changed') return null;
  const note = h('p', 'Somebody changed what users see.');
  void actions.panel.store.refresh();
  const entry = problem.body.live?.entry ?? problem.body.version;
  void actions.api.get(`/versions/${entry}`).then(
    (/** @type {Entry} */ e) =>
      note.replaceChildren(
        own(e.author.name),
        ` ${e.kind === 'unpublished' ? 'unpublished' : e.rollback ? 'rolled back to' : 'published'} `,
        own(e.name ?? ''),
        ` ${ago(e.at)}. Nothing was changed.`,
      ),
    () => {},
  );
  return anew(dialog, note, () => actions.panel.store.refresh().then(again));
}

/** @param {Actions} actions */
export function rollBack(actions) {
  const { live, before } = actions.standing ?? {};
  if (!live || !before) return;
  ask(
    actions.panel,
    {
      title: `Roll back users to ${before.name}?`,
      act: `Roll back to ${before.name}`,
      emergency: true,
      run: (d) => act(actions, d, '/rollback', { to: before.name, expect_live: live.name }),
      explain: (problem, d) => faster(actions, problem, d, () => rollBack(actions)),
    },
    () => actions.api.diff('live', before.name),
    (diff) => [
      effect('Users', `from ${live.name} back to ${before.name}, ${changes(diff)}, within 5 seconds.`),
      effect('Builders', `they keep everything, including ${live.name}'s changes.`),
    ],
  );
}

/** @param {Actions} actions */
export function unpublish(actions) {
  const live = actions.standing?.live;
  if (!live) return;
  const all = actions.standing?.settings.live_without_release === 'working';
  ask(
    actions.panel,
    {
      title: all ? 'Make every edit live?' : `Take ${live.name} away from users?`,
      act: `Unpublish ${live.name}`,
      danger: true,
      run: async (d) => {
        const entry = await actions.api.post('/unpublish', { expect_live: live.name }, d.key);
        actions.panel.published(entry);
        actions.panel.toast(`${entry.label}. ${all ? 'Every edit is live now.' : 'Users see nothing now.'}`);
      },
      explain: (problem, d) => faster(actions, problem, d, () => unpublish(actions)),
    },
    () => actions.api.diff('live', 'working'),
    (diff) => [
      effect(
        'Users',
        all
          ? `${changes(diff)} become visible now, and every later edit at once.`
          : 'they see nothing until a release is published.',
      ),
      effect('Builders', 'no change.'),
    ],
  );
}
