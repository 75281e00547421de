import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberText, parseExact } from '../src/api.js';
import { telling } from '../src/edit.js';

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
