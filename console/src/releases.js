/** What users see: publishing, rolling back, and taking a release away. */

import { Dialog, effect } from './dialog.js';
import { h, own } from './dom.js';
import { ago, plural } from './words.js';

/** @import {Actions, Diff, Entry, Problem, Question} from '../types' */

/**
 * @param {Actions} actions
 * @param {number} version
 * @param {string} [name] the name of a snapshot, which is published in the place of the version
 */
export async function publish(actions, version, name) {
  const standing = actions.standing;
  if (!standing) return;
  const live = standing.live;
  const what = name ?? `#${version}`;
  /** @type {Question} */
  const question = {
    title: live ? `Publish ${what} to ${actions.env}?` : `Publish the first release of ${actions.env}?`,
    act: `Publish ${what}`,
    run: async (dialog) => {
      const asked = name ? { snapshot: name } : { version };
      const entry = await actions.api.post('/publish', { ...asked, expect_live: live?.name ?? null }, dialog.key);
      actions.panel.published(entry);
      actions.panel.toast(`${entry.label}. Users have it within ${entry.users_see_it_within_seconds ?? 5} seconds.`);
    },
    explain: (problem, dialog) => faster(actions, problem, dialog, () => publish(actions, version, name)),
  };
  const named = name ? '' : ' The release gets the next free name.';
  const lines = (/** @type {Diff} */ diff) => [
    effect(
      'Users',
      diff.changes.length
        ? `from ${live?.name} to ${what}, ${plural(diff.changes.length, 'change')}, within 5 seconds.${named}`
        : `no change: ${what} is what they have.${named}`,
    ),
    effect('Builders', 'no change.'),
  ];
  if (live) await actions.ask(question, () => actions.api.diff('live', name ?? version), lines).closed;
  else
    await new Dialog(actions.panel.root, {
      ...question,
      lines: [
        effect('Users', `from here on they see ${what}, and later edits only when they are published.${named}`),
        effect('Builders', 'no change.'),
      ],
    }).closed;
}

/**
 * When somebody changed what users see before one did.
 * @param {Actions} actions
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {() => void} again
 */
function faster(actions, problem, dialog, again) {
  if (problem.type !== 'live-changed') return null;
  const note = h('p', null, 'Somebody changed what users see a moment ago.');
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
  dialog.action?.remove();
  return [
    note,
    h(
      'button',
      {
        type: 'button',
        class: 'primary',
        onclick: () => {
          dialog.close();
          void actions.panel.store.refresh().then(again);
        },
      },
      'Review again',
    ),
  ];
}

/** @param {Actions} actions */
export async function rollBack(actions) {
  const { live, before } = actions.standing ?? {};
  if (!live || !before) return;
  const dialog = actions.ask(
    {
      title: `Roll back users to ${before.name}?`,
      act: `Roll back to ${before.name}`,
      danger: true,
      run: async (d) => {
        const entry = await actions.api.post('/rollback', { to: before.name, expect_live: live.name }, d.key);
        actions.panel.published(entry);
        actions.panel.toast(`${entry.label}. Users have it within ${entry.users_see_it_within_seconds ?? 5} seconds.`);
      },
      explain: (problem, d) => faster(actions, problem, d, () => rollBack(actions)),
    },
    () => actions.api.diff('live', before.name),
    (diff) => [
      effect(
        'Users',
        `from ${live.name} back to ${before.name}, ${plural(diff.changes.length, 'change')}, within 5 seconds.`,
      ),
      effect('Builders', `they keep everything, including ${live.name}'s changes.`),
    ],
  );
  await dialog.closed;
}

/** @param {Actions} actions */
export async function unpublish(actions) {
  const live = actions.standing?.live;
  if (!live) return;
  const all = actions.standing?.settings.live_without_release === 'working';
  const dialog = actions.ask(
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
          ? `${plural(diff.changes.length, 'change')} become visible now, and every later edit at once.`
          : 'they see nothing until a release is published.',
      ),
      effect('Builders', 'no change.'),
    ],
  );
  await dialog.closed;
}
