/** Dialogs, by the browser's own `<dialog>`, which keeps the focus; and what is said where something cannot be shown. */

import { changeList, countsInWords } from './changes.js';
import { button, fill, find, h, own, skeleton, total } from './dom.js';
import { asProblem } from './store.js';

/** @import {Child, Panel, Problem, Question, Shown} from '../types' */

/** Dialogs so far: each has a title of its own. */
let count = 0;

export class Dialog {
  /** @param {ShadowRoot | HTMLElement} root @param {Question} question */
  constructor(root, question) {
    this.question = question;
    /** The same for every attempt: what succeeded unseen is not done twice. */
    this.key = crypto.randomUUID();
    this.asked = '';
    this.busy = false;
    const id = `dialog-${++count}`;
    this.lines = h('dl.effects', { 'aria-live': 'polite' }, question.lines ?? []);
    this.body = h(
      'div.dialog-body',
      { tabindex: '0', role: 'region', 'aria-label': 'What changes' },
      question.body ?? [],
    );
    this.note = h('div.dialog-note', { role: 'alert', tabindex: '0' });
    const cancel = button(question.act ? 'Cancel' : 'Close', () => this.close());
    this.action = question.act
      ? button(question.act, () => this.run(), {
          class: question.danger ? 'danger' : 'primary',
          disabled: question.ready === false,
        })
      : null;
    this.element = h(
      'dialog',
      { class: question.wide ? 'wide' : null, 'aria-labelledby': id },
      h('h2', { id }, question.title),
      this.lines,
      this.body,
      this.note,
      h('div.dialog-buttons', cancel, this.action),
    );
    this.root = root;
    this.returnTo = /** @type {HTMLElement | null} */ (
      'activeElement' in root ? root.activeElement : document.activeElement
    );
    this.done = false;
    /** Resolves when the dialog is closed: whether it was done. */
    this.closed = new Promise((resolve) => {
      this.element.addEventListener('close', () => {
        this.ended();
        resolve(this.done);
      });
    });
    this.element.addEventListener('keydown', (event) => event.stopPropagation());
    root.append(this.element);
    if (this.element.isConnected) this.element.showModal();
    cancel.focus();
    if (!question.body?.length) this.body.hidden = true;
  }

  /** Replaces what the dialog shows. @param {Child[]} children */
  show(children) {
    fill(this.body, children);
    this.body.hidden = children.length === 0;
  }

  /** @param {boolean} ready */
  ready(ready) {
    if (this.action) this.action.disabled = !ready;
  }

  /** Says something that went wrong. @param {Child[]} children */
  say(children) {
    fill(this.note, children);
  }

  /** The key of a request whose body may change between attempts. @param {unknown} body */
  keyFor(body) {
    const asked = JSON.stringify(body);
    if (this.asked && this.asked !== asked) this.key = crypto.randomUUID();
    this.asked = asked;
    return this.key;
  }

  async run() {
    if (this.busy) return;
    this.busy = true;
    this.ready(false);
    this.say([]);
    this.element.setAttribute('aria-busy', 'true');
    try {
      await this.question.run?.(this);
      this.done = true;
      this.close();
    } catch (error) {
      const problem = asProblem(error);
      this.note.classList.toggle('amber', problem.status === 409);
      this.ready(true);
      this.say(this.question.explain?.(problem, this) ?? explained(problem));
      // What the service refused is not helped by asking again.
      if (this.action && (problem.status === 0 || problem.status >= 500)) this.action.textContent = 'Try again';
    } finally {
      this.busy = false;
      this.element.removeAttribute('aria-busy');
    }
  }

  close() {
    this.element.close();
  }

  ended() {
    this.element.remove();
    // What opened it may have been drawn anew, or be gone.
    const { returnTo, root } = this;
    const to = returnTo?.isConnected ? returnTo : find(root, `[data-act="${returnTo?.dataset.act}"], .timeline`);
    // Late: who has gone on stays there.
    if (!(/** @type {ShadowRoot} */ (root.getRootNode()).activeElement)) to?.focus();
  }
}

/** A line of what something means for somebody. @param {'Users' | 'Builders'} who @param {...Child} what */
export function effect(who, ...what) {
  return h('div', { class: `effect ${who.toLowerCase()}` }, h('dt', who), h('dd', what));
}

/** Asks whoever embeds the panel for a new token. @param {string} [style] a class */
export const signIn = (style) =>
  button(
    'Sign in again',
    (event) => event.target?.dispatchEvent(new CustomEvent('waymark:token-expired', { bubbles: true, composed: true })),
    { class: style },
  );

/**
 * What a problem is and what to do, with the request's id where the service is at fault.
 * @param {Problem} problem
 * @returns {Child[]}
 */
export function explained(problem) {
  const { status, body } = problem;
  if (problem.type === 'check-failed') {
    const failures = (body.failures ?? [])
      .slice(0, 10)
      .map((/** @type {any} */ f) => h('li', own(f.path || 'The whole config'), ': ', own(f.message)));
    return [h('p', 'Nothing was published: this does not pass the check of this environment.'), h('ul', failures)];
  }
  let text = problem.message;
  if (status === 0)
    text = 'You are offline, or the service is. Nothing was changed. Try again when the connection is back.';
  else if (status === 401) return [h('p', 'You are no longer signed in. What you were doing is kept.'), signIn()];
  else if (status === 403 && body.needs)
    text = `You are ${body.has ?? 'nobody'} here. This needs the ${body.needs} role: ask whoever grants roles.`;
  else if (status === 429)
    text = 'Too much was asked of the service at once. Nothing was changed; try again in a moment.';
  else if (status >= 500 && !body.detail) text = 'The service failed. Nothing is lost; try again in a moment.';
  const id = status >= 500 && problem.requestId ? h('span.request', ` Request ${problem.requestId}.`) : null;
  return [h('p', text, id)];
}

/**
 * @param {Panel} panel
 * @param {Question} question its body stands above the diff
 * @param {() => Promise<Shown | Child[] | null>} read null where there is nothing to compare with; children say why there
 *   is nothing to do yet
 * @param {(diff: Shown | null) => Child[]} lines what it means for Users and Builders
 * @returns {{dialog: Dialog, load: () => Promise<void>}} `load` reads again, when what is asked for has changed
 */
export function ask(panel, question, read, lines) {
  const found = h('div.found');
  const dialog = new Dialog(panel.root, { ...question, body: [question.body ?? [], found], ready: false, wide: true });
  let round = 0;
  /** @param {boolean} ready @param {Child[] | null} about @param {...Child} children */
  const show = (ready, about, ...children) => {
    fill(dialog.lines, about);
    fill(found, children);
    dialog.ready(ready);
  };
  const load = async () => {
    const mine = ++round;
    dialog.say([]);
    show(false, null, skeleton());
    try {
      const diff = await read();
      if (mine !== round) return;
      if (Array.isArray(diff)) show(false, null, diff);
      else if (!diff) show(true, lines(null));
      else
        show(
          true,
          lines(diff),
          diff.note,
          h('h3', countsInWords(diff.counts)),
          diff.changes.length ? changeList(diff) : null,
          diff.changes.length < total(diff.counts) ? h('p', 'More than these are not listed.') : null,
        );
    } catch (error) {
      const problem = asProblem(error);
      // Not where no answer came, or where one has no right.
      const able = Boolean(question.emergency) && (problem.status === -1 || problem.status > 404);
      if (mine === round)
        show(
          able,
          able ? lines(null) : null,
          failed(problem, () => load(), 'What this changes cannot be shown.'),
        );
    }
  };
  void load();
  return { dialog, load };
}

/**
 * A failure in the place of what it hides.
 * @param {unknown} error
 * @param {(() => void) | null} [again]
 * @param {string} [title]
 */
export function failed(error, again, title) {
  return h(
    'div.problem',
    { role: 'alert' },
    title ? h('h3', title) : null,
    explained(asProblem(error)),
    again ? button('Try again', again) : null,
  );
}

/** @param {string} title @param {...Child} rest */
export function words(title, ...rest) {
  return [
    h(
      'div.empty',
      h('h2', title),
      rest.map((part) => (typeof part === 'string' ? h('p', part) : part)),
    ),
  ];
}

/** In the place of a history that cannot be read. @param {Panel} panel @param {Problem} problem */
export function stopped(panel, problem) {
  const { app, env } = panel.where;
  const again = button('Try again', () => panel.refresh());
  if (problem.type === 'environment-not-found')
    return words(
      'No history yet',
      `Nothing was saved in ${app}/${env}. The first save by your builder appears here.`,
      again,
      button('Publish from another environment…', () => panel.promote()),
    );
  if (problem.status === 401)
    return words('You are no longer signed in', 'Your place is kept. Sign in again to go on.', signIn('primary'));
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
  return words('The history cannot be shown', h('div', explained(problem)), again);
}

/**
 * Above a history that was read before.
 * @param {Panel} panel
 * @param {Problem} problem
 * @returns {Child[]}
 */
export function interrupted(panel, problem) {
  const again = button('Try again', () => panel.refresh(), { class: 'quiet' });
  if (problem.status === 0)
    return [h('p', 'Offline. This is what was known last; it goes on by itself when the connection is back.'), again];
  if (problem.status === 401) return [h('p', 'You are no longer signed in. Your place is kept.'), signIn('quiet')];
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
