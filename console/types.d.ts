/**
 * Types that several modules name: what the service answers, as the README describes it, and what the modules have.
 * Only for checking: nothing here is served.
 */

export type { Actions } from './src/actions.js';
export type { Api, Problem } from './src/api.js';
export type { Conflict } from './src/differences.js';
export type { Dialog, Question, Shown } from './src/dialog.js';
export type { Child } from './src/dom.js';
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
