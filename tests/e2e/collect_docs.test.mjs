// collect_docs.test.mjs - every example of docs/collect.md, as it stands there.
//
// What it is:   the code of the document with the key and the server's address of the test in the
//               place of those of the text; nothing else is changed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser } from './browser.mjs';
import { Collecting } from './collecting.mjs';
import { binary, root } from './trichter.mjs';

const text = readFileSync(join(root, 'docs/collect.md'), 'utf8');
const blocks = [...text.matchAll(/^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map(([, language, kind, code]) => ({ language, kind, code }));
let s;
const ends = [];
before(async () => {
	s = await Collecting.start({ after: (f) => ends.push(f) });
});
after(async () => {
	for (const f of ends.reverse()) await f();
});

const here = (code) => code.replaceAll('twk_KEY', s.writeKey).replaceAll('https://trichter.example.com', s.base);
const of = (language, kind) => blocks.filter((b) => b.language === language && b.kind === kind);

for (const [i, { code }] of of('sh').entries())
	test(`shell example ${i + 1}`, () => {
		const r = spawnSync('sh', ['-ec', here(code)], {
			encoding: 'utf8',
			env: { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH}`, TRICHTER_DATA: s.trichter.data },
		});
		assert.equal(r.status, 0, r.stderr);
		if (code.includes('curl')) assert.match(r.stdout, /"success":true,"accepted":[12],"duplicate":0,"rejected":0/);
		else assert.match(r.stdout, /twk_/);
	});

for (const [i, { code }] of of('js', 'node').entries())
	test(`node example ${i + 1}`, () => {
		// Beside the tests, where its packages are found.
		const file = join(root, `tests/e2e/.example-${process.pid}-${i}.mjs`);
		try {
			writeFileSync(file, here(code));
			const r = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 30000 });
			assert.equal(r.status, 0, r.stderr);
		} finally {
			rmSync(file, { force: true });
		}
		const event = /event: '([^']+)'/.exec(code)[1];
		assert.equal(s.events().filter((e) => e.name === event).length, 1);
	});

test('the snippet, the calls and the picture of a web page', async (t) => {
	const picture = here(/`(<img [^`]+>)`/.exec(text)[1]);
	const site = createServer((q, r) => {
		r.setHeader('Content-Type', 'text/html');
		r.end(`<!doctype html><script>${of('js', 'early')[0].code}</script>${here(of('html')[0].code)}${picture}`);
	});
	site.listen(0, '127.0.0.1');
	await once(site, 'listening');
	t.after(() => {
		site.closeAllConnections();
		site.close();
	});
	const browser = await openBrowser(t);
	const page = await browser.newPage({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36' });
	await page.goto(`http://127.0.0.1:${site.address().port}/`);
	await page.waitForFunction(() => globalThis.trichter && !Array.isArray(globalThis.trichter));
	await page.evaluate(of('js', 'page')[0].code);
	let names = [];
	const views = () => names.filter((n) => n === 'page_viewed').length;
	for (let i = 0; i < 600 && (!names.includes('Landed') || views() < 3); i++) {
		await sleep(100);
		names = s.events().map((e) => e.name);
	}
	await sleep(200);
	names = s.events().map((e) => e.name);
	assert.equal(names.filter((n) => n === 'Landed').length, 1);
	assert.ok(views() >= 3, names.join());
	const anna = JSON.stringify(s.trichter.json('person', 'show', 'anna@example.com'));
	assert.match(anna, /Anna/);
	await page.close();
});

test('every member of the settings that the document names is one', () => {
	const table = text.slice(text.indexOf('## Settings'));
	const members = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map((m) => m[1]));
	assert.equal(members.length, 8);
	for (const name of members) {
		const value = { bots: 'mark', rate: 0, names_max: 5, keys_max: 5 }[name] ?? [];
		s.trichter.ok('config', 'set', 'collect', JSON.stringify({ [name]: value }));
	}
	s.trichter.ok('config', 'set', 'privacy', /'(\{"dnt"[^']+)'/.exec(table)[1]);
});
