import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberText, parseExact } from '../src/api.js';
import { differences, telling } from '../src/differences.js';

/** Changes in short, and their counts. @param {unknown} before @param {unknown} after */
function found(before, after) {
  const { changes, counts } = differences(before, after);
  return [changes.map((c) => [c.op, c.from, c.path, c.label].filter((part) => part !== undefined).join(' ')), counts];
}

const counts = (more) => ({ added: 0, removed: 0, changed: 0, moved: 0, ...more });
const ids = (...list) => list.map((id) => ({ id, list: [] }));

test('another order of elements is a change, with the fewest moves that make it', () => {
  assert.deepEqual(found({ pages: ids('a', 'b', 'c') }, { pages: ids('b', 'c', 'a') }), [
    ['move /pages/0 /pages/2 pages › a'],
    counts({ moved: 1 }),
  ]);
  // What came and went moved nothing.
  assert.deepEqual(found({ pages: ids('a', 'b', 'c') }, { pages: ids('x', 'b', 'c', 'y') }), [
    ['remove /pages/0 pages › a', 'add /pages/0 pages › x', 'add /pages/3 pages › y'],
    counts({ added: 2, removed: 1 }),
  ]);
  const all = Array.from({ length: 2000 }, (_, n) => n);
  assert.deepEqual(found(ids(...all), ids(...all.slice(1), 0))[1], counts({ moved: 1 }));
  assert.deepEqual(found(ids(...all), ids(...[...all].reverse()))[1], counts({ moved: 1999 }));
  assert.deepEqual(found(ids(...all), ids(...all)), [[], counts({})]);
});

test('elements of other members, or of text and number, are not taken for one', () => {
  assert.deepEqual(found([{ id: 'a', v: 1 }, { name: 'a' }], [{ id: 'a', v: 9 }, { name: 'a' }]), [
    ['replace /0/v 0 › v'],
    counts({ changed: 1 }),
  ]);
  const mixed = (v) => [
    { id: 1, v },
    { id: '1', v: 0 },
  ];
  assert.deepEqual(found(mixed(1), mixed(9)), [['replace /0/v 1 › v'], counts({ changed: 1 })]);
  assert.deepEqual(found([2, 1], [1, 2])[1], counts({ changed: 2 }));
});

test('what tells elements apart is what the service takes', () => {
  const key = (...versions) => telling(versions.map((version) => parseExact(version)));
  for (const [expected, ...versions] of [
    ['id', '[{"name": "x", "id": "a"}]', '[{"name": "x", "id": "b"}]'],
    ['uid', '[{"id": 1, "uid": 1}, {"id": 1.0, "uid": 2}]', '[]'],
    ['slug', '[{"name": "x", "slug": "s"}]', '[{"name": "y", "slug": "s"}]'],
    ['other', '[{"other": "o"}]', '[{"other": "o"}]'],
    // In one version not in every element, twice, or no text and no number.
    ['', '[{"id": "a"}]', '[{"id": "a"}]', '[{"id": "a"}, {}]'],
    ['', '[{"id": "a"}]', '[{"id": "a"}, {"id": "a"}]'],
    ['', '[{"id": true}]', '[{"id": true}]'],
    ['', '[{"id": "a"}]', '[1]'],
    ['', '[{"length": 1}, [1, 2]]', '[{"length": 1}]'],
    ['', '["a", "b"]', '["a"]'],
    ['', '[null]', '[null]'],
    // A name that is in no other version recognises nothing.
    ['', '[{"name": "x"}]', '[{"name": "y"}]'],
    ['', '[]', '[]'],
  ])
    assert.equal(key(...versions), expected, versions.join(' | '));
  // Not every Node.js keeps the text of a number.
  const numbered = (...texts) => texts.map((text) => ({ id: new NumberText(text) }));
  assert.equal(telling([numbered('12345678901234567890', '12345678901234567891')]), 'id');
  assert.equal(telling([numbered('1.0', '1.00')]), '');
});
