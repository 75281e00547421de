/**
 * Types that several modules name: what the service answers, as the README describes it, and what the modules have.
 * Only for checking: nothing here is served.
 */

import type { Problem } from './src/api.js';
import type { Dialog } from './src/dialog.js';

export type { Actions } from './src/actions.js';
export type { Api, Problem } from './src/api.js';
export type { Dialog } from './src/dialog.js';
export type { Panel } from './src/panel.js';
export type { SignIn } from './src/sign-in.js';
export type { Store } from './src/store.js';
export type { WaymarkHistory } from './src/waymark-history.js';

export interface Author {
  id: string;
  name: string;
}

/** How many changes there are of each sort. */
export interface Counts {
  added: number;
  removed: number;
  changed: number;
  moved?: number;
}

/** One element of a history. */
export interface Entry {
  version: number;
  kind: string;
  label: string;
  at: string;
  author: Author;
  bytes: number;
  sha256: string;
  live: string | null;
  name?: string;
  note?: string;
  items?: undefined;
  from?: { version: number; name?: string };
  subject?: { version: number };
  origin?: { environment: string; name: string; version: number };
  changes?: Counts;
  rollback?: boolean;
  unchanged?: boolean;
}

/** What one author saved in a row. */
export interface Session {
  kind: 'session';
  label: string;
  author: Author;
  from: number;
  to: number;
  began: string;
  at: string;
  saves: number;
  changes: Counts | null;
  items: Entry[];
  name?: undefined;
  note?: undefined;
  subject?: undefined;
}

export type Line = Entry | Session;

/** Where an environment stands. */
export interface Standing {
  app: string;
  environment: string;
  working: Entry;
  live: { name: string; version: number; published: number } | null;
  before: { name: string; published: number } | null;
  differs: boolean;
  /** What the next release is called, unless that name was taken by hand. */
  next_name: string;
  settings: { releases: boolean; live_without_release: string; keep?: string[] };
  role: string | null;
  backup: { id: string; at: string } | null;
}

/** Lines that were replaced by others; line numbers count from 1. */
export interface Hunk {
  before: number;
  after: number;
  removed: string[];
  added: string[];
}

export interface Change {
  op: string;
  path: string;
  from?: string;
  before?: unknown;
  after?: unknown;
  label: string;
  lines?: Hunk[];
}

export interface Diff {
  from: { version: number; name?: string };
  to: { version: number; name?: string };
  changes: Change[];
  counts: Counts;
}

/** The element that `h` makes of a tag, which may have classes behind it. */
export type Made<T extends string> = T extends `${infer Tag}.${string}`
  ? Made<Tag>
  : T extends keyof HTMLElementTagNameMap
    ? HTMLElementTagNameMap[T]
    : HTMLElement;

/** What an element may contain. */
export type Child = Node | string | number | null | undefined | false | Child[];

/** What a dialog shows of a diff. */
export interface Shown {
  changes: Change[];
  counts: Counts;
  note?: Child[];
}

/** What a dialog asks. */
export interface Question {
  title: string;
  /** What it means for Users and Builders. */
  lines?: Child[];
  body?: Child[];
  /** Verb and object, the text of the button; without it there is nothing to do but close. */
  act?: string;
  danger?: boolean;
  /** It can be done although nobody can see what it changes. */
  emergency?: boolean;
  wide?: boolean;
  /** False while there is nothing to act on. */
  ready?: boolean;
  /** Does it; the dialog closes when it succeeds. */
  run?: (dialog: Dialog) => unknown;
  /** What to say of a refusal; null for what is said of any. */
  explain?: (problem: Problem, dialog: Dialog) => Child[] | null;
}

/** A place that two changed, in another way each. */
export interface Conflict {
  path: string;
  label: string;
  base?: unknown;
  /** What is there. */
  ours?: unknown;
  /** What was sent. */
  theirs?: unknown;
  /** Both moved it: the values are indexes. */
  order?: boolean;
  /** The values are too long to be here. */
  values_left_out?: boolean;
  author?: Author;
}

/** A part of a text, and whether both sides have it. */
export type Marked = { text: string; same: boolean }[];

export type TextLine =
  { kind: 'same' | 'removed' | 'added'; text: string; parts?: Marked } | { kind: 'folded'; lines: string[] };

/** A row of the timeline; `top` in pixels. */
export interface LineRow {
  kind: 'line';
  line: Line;
  level: 1 | 2;
  top: number;
  place: number;
}
export type Row = { kind: 'day'; text: string; top: number } | LineRow;

/** How the sample app is drawn. */
export interface Drawing {
  /** The id of the page that is open. */
  page: string;
  go: (page: string) => void;
  /** Makes titles editable. */
  edit?: (pointer: string, before: string) => void;
}

/** What a request may have. */
export interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  /** The idempotency key, the same when a request is repeated. */
  key?: string;
  signal?: AbortSignal;
}
