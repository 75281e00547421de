/** What the console weighs: everything that a browser loads, compressed as CloudFront and others would. */

import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** 66 KB: what the service says of each question, who changed what, present names, and signing in by an address (60 KB before). */
const MOST = 66 * 1024;
const folder = new URL('../', import.meta.url);
/** Loaded when it is asked for: the editor, and what a page needs whose config.json names an identity provider. */
const APART = {
  'the editor': ['src/edit.js'],
  'signing in': ['src/sign-in.js', 'node_modules/oauth4webapi/build/index.js'],
};
const apart = Object.values(APART).flat();
const files = [
  'index.html',
  'console.css',
  'page.css',
  ...readdirSync(new URL('src/', folder)).map((name) => `src/${name}`),
].filter((name) => !apart.includes(name));
const weight = (names) =>
  names.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length, 0);
const total = weight(files);
const unsafe = [...files, ...apart].filter((name) =>
  /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(
    readFileSync(new URL(name, folder), 'utf8'),
  ),
);
console.log(`${files.length} files, ${total} bytes gzip of ${MOST}`);
for (const [what, names] of Object.entries(APART))
  console.log(`apart from that, ${what}: ${names.map((name) => `${name} ${weight([name])}`).join(', ')}`);
if (total > MOST) throw new Error('The console is too large.');
if (unsafe.length) throw new Error(`HTML from text in ${unsafe.join(', ')}`);
