/** What the console weighs: everything that a browser loads, compressed as CloudFront and others would. */

import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MOST = 60 * 1024;
const folder = new URL('../', import.meta.url);
const files = [
  'index.html',
  'console.css',
  'page.css',
  ...readdirSync(new URL('src/', folder)).map((name) => `src/${name}`),
];
const total = files.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length, 0);
const unsafe = files.filter((name) =>
  /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(
    readFileSync(new URL(name, folder), 'utf8'),
  ),
);
console.log(`${files.length} files, ${total} bytes gzip of ${MOST}`);
if (total > MOST) throw new Error('The console is too large.');
if (unsafe.length) throw new Error(`HTML from text in ${unsafe.join(', ')}`);
