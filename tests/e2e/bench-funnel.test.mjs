// The benchmark of funnels is a test as well: the whole program has to answer what the bare segment
// answers, whatever the instruction set.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Trichter } from './trichter.mjs';

test('the whole program answers what the segment answers, by any instruction set', (t) => {
	const c = new Trichter(t, { init: false });
	const all = mkdtempSync(join(tmpdir(), 'trichter-bench-'));
	t.after(() => rmSync(all, { recursive: true, force: true }));
	const answers = [];
	for (const isa of ['plain', 'avx2', 'avx512']) {
		const dir = join(all, isa);
		mkdirSync(dir);
		const r = c.run('bench', 'funnel', '--touches', '20000', '--product', '--peers', dir, '--format', 'json',
			{ env: { TRICHTER_ISA: isa } });
		assert.equal(r.status, 0, r.err);
		const { figures } = JSON.parse(r.out);
		assert.equal(figures.touches, 20000);
		assert.ok(figures.plain_ms > 0 && figures.product_month_ms > 0);
		assert.equal(statSync(join(dir, 'touches.bin')).size, 20000 * 14);
		answers.push(readFileSync(join(dir, 'answers.json'), 'utf8'));
	}
	const first = JSON.parse(answers[0]);
	assert.ok(first.plain[0] > first.plain[1] && first.plain[4] > 0);
	assert.ok(answers.every((a) => a === answers[0]));
	assert.equal(c.run('bench', 'funnel', '--days', '400').status, 2);
});
