/** Dialogs, by the browser's `<dialog>`, and what is said of failures. */

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
    this.able = question.ready !== false;
    const id = `dialog-${++count}`;
    this.lines = h('dl.effects', { 'aria-live': 'polite' }, question.lines ?? []);
    this.body = h(
      'div.dialog-body',
      { tabindex: '0', role: 'region', 'aria-label': 'What changes' },
      question.body ?? [],
    );
    this.note = h('div.dialog-note', { role: 'alert', tabindex: '0' });
    const cancel = button(question.act ? 'Cancel' : 'Close', () => this.leave());
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
    /** The status of what went wrong last; -1 where nothing did. */
    this.failed = -1;
    this.life = new AbortController();
    // What was said of the connection, or of who is signed in, holds no more.
    root.addEventListener('back', () => [0, 401].includes(this.failed) && this.say([]), this.life);
    /** Resolves when the dialog is closed: whether it was done. */
    this.closed = new Promise((resolve) => {
      this.element.addEventListener('close', () => {
        this.ended();
        resolve(this.done);
      });
    });
    const ask = (/** @type {Event} */ event) => {
      if (!this.question.typed?.()) return;
      event.preventDefault();
      this.leave();
    };
    this.element.addEventListener('cancel', ask);
    this.element.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') ask(event);
    });
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

  /** @param {boolean} ready whether there is something to act on */
  ready(ready) {
    this.able = ready;
    if (this.action) this.action.disabled = !ready || this.busy;
  }

  /** Says something that went wrong. @param {Child[]} children @param {boolean} [amber] */
  say(children, amber = false) {
    this.note.classList.toggle('amber', amber);
    fill(this.note, children);
  }

  /** Closes it, unless there is a text that would be lost: then it asks first. */
  leave() {
    if (this.busy || !this.question.typed?.()) return this.close();
    const stay = button('Keep it', () => {
      this.say([]);
      find(this.body, 'textarea, input')?.focus();
    });
    this.say([h('p', 'What you typed was not saved.'), button('Throw it away', () => this.close()), stay], true);
    return stay.focus();
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
    this.ready(this.able);
    this.say([]);
    this.failed = -1;
    this.element.setAttribute('aria-busy', 'true');
    try {
      await this.question.run?.(this, null);
      this.done = true;
      this.close();
    } catch (error) {
      const problem = asProblem(error);
      this.say(this.question.explain?.(problem, this) ?? explained(problem), [409, 412].includes(problem.status));
      this.failed = problem.status;
      // What the service refused is not helped by asking again.
      if (this.action && (problem.status === 0 || problem.status >= 500)) this.action.textContent = 'Try again';
    } finally {
      this.busy = false;
      this.ready(this.able);
      this.element.removeAttribute('aria-busy');
    }
  }

  close() {
    this.element.close();
  }

  ended() {
    this.life.abort();
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
    (event) =>
      event.target?.dispatchEvent(
        new CustomEvent('waymark:token-expired', { detail: { asked: true }, bubbles: true, composed: true }),
      ),
    { class: style },
  );

/**
 * What a problem is and what to do, with the request's id where the service is at fault.
 * @param {Problem} problem
 * @returns {Child[]}
 */
export function explained(problem) {
  const { status, body } = problem;
  if (problem.type === 'check-failed')
    return [
      h('p', 'Nothing was published: this does not pass the check of this environment.'),
      failures(body.failures),
    ];
  let text = problem.message;
  if (problem.unclear)
    text = 'No answer came, so it is not known whether this was done. Try again: it is not done twice.';
  else if (status === 0)
    text = 'You are offline, or the service is. Nothing was changed. Try again when the connection is back.';
  else if (status === 401) return [h('p', 'You are no longer signed in. What you were doing is kept.'), signIn()];
  else if (status === 403 && body.needs)
    text = `You are ${body.has ?? 'nobody'} here. This needs the ${body.needs} role: ask whoever grants roles.`;
  else if (status === 429 && !body.detail)
    text = 'Too much was asked of the service at once. Nothing was changed; try again in a moment.';
  else if (status >= 500 && !body.detail) text = 'The service failed. Nothing is lost; try again in a moment.';
  const id = status >= 500 && problem.requestId ? h('span.request', ` Request ${problem.requestId}.`) : null;
  return [h('p', text, id)];
}

/** What a check found, each at its place in words. @param {{path: string, label?: string, message: string}[]} [found] */
export const failures = (found = []) =>
  h(
    'ul',
    found.slice(0, 10).map((f) => h('li', own(f.label || f.path || 'The whole config'), ': ', own(f.message))),
  );

/** The same in a sentence, for a toast. @param {{path: string, label?: string, message: string}[]} [found] */
export function inShort(found = []) {
  const [first] = found;
  if (!first) return '';
  const more = found.length > 1 ? `, and ${found.length - 1} more` : '';
  return ` It does not pass the check of this environment: ${first.label || first.path || 'the whole config'}: ${first.message}${more}.`;
}

/** That something does not pass the check. @param {any} answer @returns {Child[]} */
export const warned = ({ warnings }) =>
  warnings?.length
    ? [h('div.problem.amber', h('p', 'This does not pass the check of this environment:'), failures(warnings))]
    : [];

/** Most attempts after entries of others that change nothing of what was shown. */
const AGAIN = 3;

/**
 * Asks before an action, and shows what it comes to.
 * @param {Panel} panel
 * @param {Question} question
 * @param {() => Promise<Shown | Child[] | null>} read null: nothing to compare; children: why there is nothing to do
 * @param {(diff: Shown | null) => Child[]} lines what it means for Users and Builders
 * @returns {{dialog: Dialog, load: (quiet?: boolean) => Promise<boolean>}} `load` reads again: true if something else is shown
 */
export function ask(panel, question, read, lines) {
  const found = h('div.found');
  let round = 0;
  /** @type {Shown | null} */
  let seen = null;
  let failing = false;
  /** All that was shown. */
  let told = '';
  const run = async (/** @type {Dialog} */ d) => {
    for (let n = 1; ; n++) {
      try {
        return await question.run?.(d, seen);
      } catch (error) {
        if (asProblem(error).type !== 'version-mismatch') throw error;
        // It is done only if it still means what was shown.
        if ((await load(true)) || !d.able || n > AGAIN) throw error;
      }
    }
  };
  const meanwhile = `${panel.where.env} was changed meanwhile`;
  /** @type {Question['explain']} */
  const explain = (problem, d) =>
    question.explain?.(problem, d) ??
    (problem.type === 'version-mismatch'
      ? [h('p', `${meanwhile}, so nothing was done. This is what it means now: look again.`)]
      : null);
  const whole = { ...question, run, explain, body: [question.body ?? [], found], ready: false, wide: true };
  const dialog = new Dialog(panel.root, whole);
  /** @param {boolean} ready @param {Child[] | null} about @param {...Child} children */
  const show = (ready, about, ...children) => {
    const before = told;
    // Also what is folded, or further down than what is listed.
    told = h('div', about, children).textContent + JSON.stringify(seen?.changes);
    dialog.ready(ready);
    if (told === before) return false;
    fill(dialog.lines, about);
    fill(found, children);
    return true;
  };
  const load = async (quiet = false) => {
    const mine = ++round;
    failing = false;
    if (!quiet) {
      seen = null;
      dialog.say([]);
      show(false, null, skeleton());
    }
    try {
      const diff = await read();
      if (mine !== round) return false;
      seen = Array.isArray(diff) ? null : diff;
      if (Array.isArray(diff)) return show(false, null, diff);
      if (!diff) return show(true, lines(null));
      return show(
        !diff.unchanged,
        lines(diff),
        diff.note,
        warned(diff),
        diff.plain ? null : h('h3', countsInWords(diff.counts)),
        diff.changes.length ? changeList(diff) : null,
        diff.changes.length < total(diff.counts) ? h('p', 'More than these are not listed.') : null,
      );
    } catch (error) {
      const problem = asProblem(error);
      if (mine !== round || (quiet && problem.status <= 0)) return false;
      seen = null;
      const why = problem.status > 401 && question.explain?.(problem, dialog);
      if (why) return show(false, null, h('div.problem.amber', { role: 'alert' }, why));
      // Only where it cannot be shown: not where it is refused, or where no answer came.
      const able =
        Boolean(question.emergency) && (problem.status === -1 || problem.status === 413 || problem.status >= 500);
      failing = true;
      return show(
        able,
        able ? lines(null) : null,
        failed(problem, () => load(), 'What this changes cannot be shown.'),
      );
    }
  };
  /** Somebody else did something. */
  const follow = async () => {
    if (!question.follows || dialog.busy) return;
    if (await load(true)) dialog.say([h('p', `${meanwhile}. This is what it means now.`)], true);
  };
  panel.store.addEventListener('standing', follow, dialog.life);
  panel.root.addEventListener('back', () => failing && load(), dialog.life);
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
  if (problem.status === 401 && !panel.store.standing)
    return words('You are not signed in', 'The token has expired, or is not one of this service.', signIn('primary'));
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
