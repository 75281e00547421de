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
  previous?: string;
  from?: { version: number; name?: string };
  subject?: Subject;
  /** The entry that made the snapshot that this is about. */
  snapshot?: number;
  origin?: Promotion;
  source?: { environment?: string; version?: number };
  changes?: Counts;
  rollback?: boolean;
  unchanged?: boolean;
}

/** The config of a snapshot. */
export interface Subject {
  version: number;
  sha256: string;
  bytes: number;
}

/** Where a promoted snapshot came from. */
export interface Promotion {
  environment: string;
  snapshot: string;
  version: number;
  kept: boolean;
  merged: boolean;
}

/** A snapshot as it is now. */
export interface Snapshot {
  version: number;
  name: string;
  note?: string;
  at: string;
  author: Author;
  subject: Subject;
  origin?: Promotion;
  live: boolean;
}

/** An entry in short. */
export interface Brief {
  version: number;
  author: Author;
  at: string;
  label: string;
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
  snapshot?: undefined;
  origin?: undefined;
}

export type Line = Entry | Session;

/** Where an environment stands. */
export interface Standing {
  app: string;
  environment: string;
  working: Entry;
  /** Who gave builders what they edit; null where that is too long ago. */
  edited: Brief | null;
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
  /** All that differs between two texts that look alike. */
  only?: string;
  /** The element before a moved one. */
  follows?: string;
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
  /** The newest version, of which it was computed; null where there is none. */
  version?: number | null;
  sha256?: string;
  /** Where it stood then. */
  standing?: Standing | null;
  /** It is so already. */
  unchanged?: boolean;
  /** It is about no config. */
  plain?: boolean;
  /** Whose edits give way. */
  since?: { with: Brief[] };
  /** What the check of the environment finds in the outcome. */
  warnings?: { path: string; label?: string; message: string }[];
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
  run?: (dialog: Dialog, seen: Shown | null) => unknown;
  /** It is shown anew when somebody does something meanwhile. */
  follows?: boolean;
  /** Whether there is a text in it that would be lost. */
  typed?: () => boolean;
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
  /** It changes nothing, although it is no GET. */
  reads?: boolean;
}
