/**
 * Types of `<waymark-history>` for pages that embed it, also in JSX: copy this file, or refer to it.
 */

import type { DetailedHTMLProps, HTMLAttributes } from 'react';

export interface WaymarkHistoryElement extends HTMLElement {
  /** Who looks: a JWT, kept in memory. Setting another goes on where the last one ended. */
  token: string;
  /** Reads again what there is. */
  refresh(): Promise<void>;
  /** Shows who changed the value at a JSON Pointer of the working version. */
  showBlame(pointer: string): Promise<void>;
  /** Opens an entry; none for 0. */
  openVersion(version: number): Promise<void>;
}

/** What its events say, by their names. */
export interface WaymarkHistoryEvents {
  'waymark:ready': CustomEvent<{ version: number }>;
  'waymark:changed': CustomEvent<{ version: number }>;
  'waymark:published': CustomEvent<{ live: string | null; version: number }>;
  'waymark:opened': CustomEvent<{ version: number }>;
  'waymark:token-expired': CustomEvent<{ asked: boolean }>;
}

export interface WaymarkHistoryAttributes {
  /** The service's address; without it the page's own. */
  api?: string;
  app: string;
  env: string;
  /** What *Copy link* gives, with `{version}` in it. */
  link?: string;
  token?: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'waymark-history': WaymarkHistoryElement;
  }
}

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'waymark-history': DetailedHTMLProps<HTMLAttributes<WaymarkHistoryElement>, WaymarkHistoryElement> &
        WaymarkHistoryAttributes;
    }
  }
}
