// seal.test.mjs - the sample company, sealed while a server runs: every answer stays what it was.
//
// TRICHTER_BIN  the binary (build/release/trichter)
import assert from 'node:assert/strict';
import test from 'node:test';
import { readdirSync } from 'node:fs';
import { Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

/** Everything that a user could compare: all touches, people, funnels, verify. */
function answers(x, data = x.data) {
	const at = ['--data', data];
	const last = x.json('status', ...at).touches;
	const counts = (...args) => x.counts(...args, ...at);
	return {
		touches: x.ok('export', 'events', '--format', 'json', ...at),
		people: x.ok('export', 'people', ...at),
		stages: counts(),
		named: counts('--steps', 'page_viewed, form_submitted', '--window', '30d'),
		early: counts('--as-of', `${last >> 1}`),
		late: counts('--steps', 'page_viewed, form_submitted', '--as-of', `${last - 5}`),
	};
}

test('a server seals a long tail, and nothing that is shown changes', async (t) => {
	const x = new Trichter(t, { init: false });
	x.ok('demo', '--people', '3000', '--end', '2026-01-01');
	const before = answers(x);
	assert.equal(x.json('status').sealed, 0);

	const s = await Server.start(t, { trichter: x, env: { TRICHTER_TAIL_TOUCHES: '1000' } });
	let status;
	for (let i = 0; i < 300; i++) {
		status = x.json('status');
		if (status.tail <= 1000) break;
		await new Promise((r) => setTimeout(r, 100));
	}
	await s.stop();
	assert.ok(status.tail <= 1000, `${status.tail} touches are in the tail still`);
	assert.ok(status.segments > 0 && status.sealed > 0);
	assert.equal(status.sealed + status.tail, status.touches);
	assert.ok(readdirSync(`${x.data}/archive`).some((name) => name.endsWith('.seg')));

	assert.deepEqual(answers(x), before);
	assert.match(x.ok('verify'), /no difference/);

	// A backup holds it, and so does what is restored from it.
	const file = x.path('all.bak');
	x.ok('backup', file);
	const back = x.path('back');
	x.ok('restore', file, '--data', back);
	assert.deepEqual(answers(x, back), before);
});
