// import.test.mjs - a file goes in through the screen, as a marketer does it, and over the API.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { axe, openBrowser, openPage, phone, sideways } from './browser.mjs';
import { Server } from './server.mjs';
import { realData } from './trichter.mjs';

const olist = realData('olist');
const leads = `${olist.path}/olist_marketing_qualified_leads_dataset.csv`;
const deals = `${olist.path}/olist_closed_deals_dataset.csv`;

/** Waits for a job over the API. */
async function ended(client, job) {
	for (let i = 0; i < 600; i++) {
		const r = await client.get(`/api/v1/imports/jobs/${job}`);
		assert.equal(r.status, 200, r.text);
		if (!['waiting', 'running'].includes(r.json.state)) return r.json;
		await new Promise((done) => setTimeout(done, 100));
	}
	throw new Error('the job does not end');
}
async function upload(client, name, text) {
	const begun = await client.post('/api/v1/imports/files', { name });
	assert.equal(begun.status, 201, begun.text);
	const token = begun.json.file;
	const r = await client.ask('PUT', `/api/v1/imports/files/${token}?offset=0`, text, { 'Content-Type': 'application/octet-stream' });
	assert.equal(r.status, 200, r.text);
	return token;
}

async function english(t, options) {
	const server = await Server.start(t);
	const browser = await openBrowser(t);
	const page = await openPage(browser, server.base, options);
	await server.signInBrowser(page.context(), server.user());
	return { server, page };
}

test('a leads file is mapped by hand, rehearsed, imported, and its figures are right', olist, async (t) => {
	const { server, page } = await english(t);
	await page.goto('/import');
	await page.getByLabel('Choose a file').setInputFiles(leads);
	await page.getByText('The headers do not say what a row is').waitFor();
	await page.getByLabel('What is it?').selectOption('people');
	await page.getByLabel('What mql_id is taken for').selectOption('field:external_id');
	await page.getByLabel('Ids are of the system').fill('olist');
	await page.getByLabel('What first_contact_date is taken for').selectOption('field:created_at');
	await page.getByLabel('What origin is taken for').selectOption('field:source');
	await page.getByRole('button', { name: 'Every row entered a stage' }).click();
	await page.getByLabel('Stage', { exact: true }).selectOption('mql');
	await page.getByLabel('Entered at').selectOption('first_contact_date');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'What would happen?' }).click();
	await page.getByRole('heading', { name: 'What would happen with 8,000 rows' }).waitFor();
	const before = await (await server.signIn('administrator@example.com')).get('/api/v1/imports');
	assert.deepEqual(before.json.rows, [], 'a rehearsal stores nothing');
	await page.getByRole('button', { name: 'Import', exact: true }).click();
	await page.getByRole('heading', { name: 'is imported (8,000 rows, import 1)' }).waitFor();
	assert.equal(server.trichter.counts('--steps', 'stage:mql')[0], 8000);
	await page.getByRole('button', { name: 'Another file' }).click();

	// The second file with the map that was written for it.
	await page.getByLabel('Choose a file').setInputFiles(deals);
	await page.getByLabel('Use a map file').setInputFiles('examples/maps/olist-deals.yaml');
	await page.getByText('A row stands for: person_updated, stage_entered').waitFor();
	await page.getByRole('button', { name: 'Import', exact: true }).click();
	await page.getByRole('heading', { name: 'is imported (842 rows, import 2)' }).waitFor();
	assert.deepEqual(server.trichter.counts('--steps', 'stage:mql, stage:customer'), [8000, 841]);
	assert.deepEqual(server.trichter.counts('--steps', 'stage:mql, stage:customer', '--order', 'any'), [8000, 842]);

	// And back out again, from the list below.
	await page.getByRole('row', { name: /olist_closed/ }).getByRole('button', { name: 'Take back' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
	await page.getByText('taken back:').waitFor();
	assert.deepEqual(server.trichter.counts('--steps', 'stage:mql, stage:customer'), [8000, 0]);
	assert.deepEqual(page.faults, []);
});

test('a file that is recognised needs one click, also on a phone and in German', async (t) => {
	const { server, page } = await english(t, { language: 'de', scheme: 'dark', size: phone });
	await page.goto('/import');
	const file = server.trichter.file('kontakte.csv', 'E-Mail,Vorname,Punkte\nana@example.com,Ana,5\nbob@example,Bob,x\nkai@example.com,Kai,7\n');
	await page.getByLabel('Datei auswählen').setInputFiles(file);
	await page.getByRole('rowheader', { name: 'Vorname' }).waitFor();
	assert.equal(await sideways(page), 0);
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'Importieren', exact: true }).click();
	await page.getByRole('heading', { name: 'kontakte.csv ist importiert (3 Zeilen, Import 1)' }).waitFor();
	const link = page.getByRole('link', { name: '1 abgelehnte Zeile, mit Gründen' });
	const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
	assert.match(readFileSync(await download.path(), 'utf8'), /^E-Mail,Vorname,Punkte,line,reason\nbob@example,Bob,x,3,/);
	assert.deepEqual(page.faults, []);
});

test('a part that is sent twice does no harm, one that leaves a gap is refused', async (t) => {
	const server = await Server.start(t);
	const client = await server.as('operations');
	const { json } = await client.post('/api/v1/imports/files', { name: 'p.csv' });
	const part = (offset, text) => client.ask('PUT', `/api/v1/imports/files/${json.file}?offset=${offset}`, text, { 'Content-Type': 'application/octet-stream' });
	assert.equal((await part(0, 'email\nana@')).json.bytes, 10);
	assert.equal((await part(0, 'email\nana@')).json.bytes, 10);
	const gap = await part(20, 'x');
	assert.equal(gap.status, 409);
	assert.match(gap.json.detail, /begins at byte 10/);
	assert.equal((await part(10, 'example.com\n')).json.bytes, 22);
	const job = await client.post('/api/v1/imports', { file: json.file });
	assert.equal(job.status, 202, job.text);
	assert.equal((await ended(client, job.json.job)).people_new, 1);
});

test('names of files cannot leave their folder, and messages name no folder', async (t) => {
	const server = await Server.start(t);
	const client = await server.as('operations');
	for (const name of ['./../etc/passwd', '/etc/passwd', '..', '.', '', 'a/../../b.csv', 'C:\\x\\y.csv', '.map', '\u0000x', 'x'.repeat(3000)]) {
		const token = await upload(client, name, 'nothing\n1\n');
		const p = await client.post(`/api/v1/imports/files/${token}/preview`, { kind: 'people', map: 'kind: people\nnonsense: 1\n' });
		assert.equal(p.status, 400, p.text);
		assert.doesNotMatch(p.text, /uploads|trichter-e2e/);
		const seen = await client.post(`/api/v1/imports/files/${token}/preview`, {});
		assert.equal(seen.status, 200, seen.text);
		assert.doesNotMatch(seen.json.name, /[/\\]|^\.|\p{Cc}/u);
	}
	for (const token of ['..', '%2e%2e', 'a'.repeat(32), 'A'.repeat(32), './ledger.db', 'x'])
		assert.ok([400, 404, 405].includes((await client.post(`/api/v1/imports/files/${token}/preview`, {})).status), token);
});

test('a map from outside reads no file but its own', async (t) => {
	const server = await Server.start(t);
	const client = await server.as('operations');
	const token = await upload(client, 'p.csv', 'email,team\nana@example.com,a\n');
	for (const file of ['./../trichter.yaml', '/etc/passwd', '../x.csv']) {
		const map = { kind: 'people', lookups: [{ file, match: 'team', columns: { Manager: 'owner' } }] };
		const p = await client.post(`/api/v1/imports/files/${token}/preview`, { map });
		const problem = p.status === 200 ? p.json.problem : p.json.detail;
		assert.match(problem, /lies beside the file/);
	}
});

test('who may not import gets nothing of it, neither files nor jobs', async (t) => {
	const server = await Server.start(t);
	const reader = await server.as('read-only');
	for (const [method, path] of [['POST', '/files'], ['PUT', `/files/${'a'.repeat(32)}?offset=0`], ['POST', ''], ['GET', '/jobs/1'], ['POST', '/1/undo'], ['GET', '/1/rejects']])
		assert.equal((await reader.ask(method, `/api/v1/imports${path}`, path.endsWith('files') ? {} : undefined)).status, 403, `${method} ${path}`);
	assert.equal((await server.nobody.get('/api/v1/imports')).status, 401);
});

test('a stopped server leaves an import that goes on where it was', async (t) => {
	const server = await Server.start(t);
	let client = await server.as('operations');
	const rows = Array.from({ length: 200_000 }, (_, i) => `p${i}@example.com,${i}`).join('\n');
	const begun = await client.post('/api/v1/imports/files', { name: 'many.csv' });
	const text = `email,points\n${rows}\n`;
	for (let at = 0; at < text.length; at += 4_000_000) {
		const r = await client.ask('PUT', `/api/v1/imports/files/${begun.json.file}?offset=${at}`, text.slice(at, at + 4_000_000), { 'Content-Type': 'application/octet-stream' });
		assert.equal(r.status, 200, r.text);
	}
	const started = await client.post('/api/v1/imports', { file: begun.json.file });
	for (;;) {
		const { json } = await client.get(`/api/v1/imports/jobs/${started.json.job}`);
		if (json.read >= 4000 || json.state === 'done') break;
		await new Promise((done) => setTimeout(done, 20));
	}
	await server.restart();
	client = await server.signIn('operations@example.com');
	const { json } = await client.get('/api/v1/imports');
	assert.equal(json.rows[0].state, 'interrupted');
	assert.equal(json.rows[0].file, begun.json.file);
	const again = await client.post('/api/v1/imports', { file: json.rows[0].file, resume: true });
	const end = await ended(client, again.json.job);
	assert.equal(end.error, null);
	assert.equal(end.read, 200_000);
	assert.equal(server.trichter.json('people', 'points >= 0', '--count').count, 200_000);
	assert.equal((await client.get('/api/v1/imports/1')).json.state, 'closed');
});
