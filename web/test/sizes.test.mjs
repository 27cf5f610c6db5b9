// sizes.test.mjs - what the screens weigh, compressed, as a browser loads them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const kb = 1024;
const screen_max = 150 * kb;
const with_charts_max = 400 * kb;
const sizes = JSON.parse(readFileSync(new URL('../../build/web/sizes.json', import.meta.url)));

test('no screen weighs more than 150 KB before its charts', () => {
	for (const [name, bytes] of Object.entries(sizes.screens)) {
		assert.ok(bytes > 4 * kb, `${name}: ${bytes} bytes are too few to be true`);
		assert.ok(bytes <= screen_max, `${name}: ${bytes} bytes`);
	}
});

test('no screen weighs more than 400 KB with charts', () => {
	assert.ok(sizes.charts > 50 * kb, `charts: ${sizes.charts} bytes are too few to be true`);
	for (const [name, bytes] of Object.entries(sizes.screens))
		assert.ok(bytes + sizes.charts <= with_charts_max, `${name}: ${bytes} + ${sizes.charts} bytes`);
});

test('the tracker weighs less than 2 KB', () => {
	assert.ok(sizes.tracker > 500 && sizes.tracker < 2 * kb, `${sizes.tracker} bytes`);
});
