/** The states that people meet, in words that say what to do. */

import { explained } from './dialog.js';
import { button, h } from './dom.js';

/** @import {Child, Panel, Problem} from '../types' */

/** @param {string} title @param {...Child} rest */
export function words(title, ...rest) {
  return [
    h(
      'div',
      { class: 'empty' },
      h('h2', null, title),
      rest.map((part) => (typeof part === 'string' ? h('p', null, part) : part)),
    ),
  ];
}

/**
 * What stands in the place of a history that cannot be read.
 * @param {Panel} panel
 * @param {Problem} problem
 */
export function stopped(panel, problem) {
  const { app, env } = panel.where;
  const again = button('Try again', () => void panel.refresh());
  if (problem.type === 'environment-not-found')
    return words(
      'No history yet',
      `Nothing was saved in ${app}/${env} so far. The first save by your builder appears here.`,
      again,
    );
  if (problem.status === 401) return expired(panel);
  if (problem.status === 403)
    return words(
      'You may not see this history',
      `Viewing ${env} needs the viewer role in ${app}/${env}${problem.body.has ? `; you are ${problem.body.has}` : ''}. Ask whoever grants roles.`,
      again,
    );
  if (problem.status === 0)
    return words(
      'The service cannot be reached',
      'You are offline, or the service is. This goes on by itself when the connection is back.',
      again,
    );
  return words('The history cannot be shown', h('div', null, explained(problem)), again);
}

/** @param {Panel} panel */
function expired(panel) {
  return words(
    'You are no longer signed in',
    'Your place is kept. Sign in again to go on.',
    button('Sign in again', () => panel.tell('waymark:token-expired'), { class: 'primary' }),
  );
}

/**
 * What is said above a history that was read before.
 * @param {Panel} panel
 * @param {Problem} problem
 * @returns {Child[]}
 */
export function interrupted(panel, problem) {
  const again = button('Try again', () => void panel.refresh(), { class: 'quiet' });
  if (problem.status === 0)
    return [
      h('p', null, 'Offline. This is what was known last; it goes on by itself when the connection is back.'),
      again,
    ];
  if (problem.status === 401)
    return [
      h('p', null, 'You are no longer signed in. Your place is kept.'),
      button('Sign in again', () => panel.tell('waymark:token-expired'), { class: 'quiet' }),
    ];
  return [...explained(problem), again];
}

/** @param {Panel} panel */
export function noMatch(panel) {
  const { show, author } = panel.store.filter;
  const what = show === 'all' ? 'entries' : show;
  const who = author ? ` by ${panel.store.people.get(author) ?? author}` : '';
  return words(
    `No ${what}${who}`,
    show === 'snapshots' && !author
      ? 'Name the working version with Create snapshot, so that you find it again.'
      : show === 'releases' && !author
        ? 'Nothing was published yet.'
        : 'Nothing matches these filters.',
    button('Show everything', () => {
      void panel.store.setFilter({ show: 'all', author: '' });
      panel.paintTools();
    }),
  );
}
