// trichter.mjs - drives the real binary as a user does.
//
// What it is:   one function that runs a command in a data directory of its own and gives back what
//               came out; directories are removed when the test ends.
// TRICHTER_BIN  the binary (build/release/trichter); TRICHTER_SHARED the folder that holds data/
//               (../shared): tests on real data are skipped with a message when it is not there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.TRICHTER_BIN ?? join(root, 'build/release/trichter');
const shared = process.env.TRICHTER_SHARED ?? join(root, '../shared');

/** A folder of data/, or null with the reason why a test is to be skipped. */
export function realData(name) {
	const path = join(shared, 'data', name);
	return existsSync(path) ? { path, skip: false } : { path, skip: `${path} is not there` };
}

export class Trichter {
	constructor(t, { init = true } = {}) {
		this.home = mkdtempSync(join(tmpdir(), 'trichter-e2e-'));
		this.data = join(this.home, 'data');
		t.after(() => rmSync(this.home, { recursive: true, force: true }));
		if (init) this.ok('init');
	}

	/** Runs a command; nothing is asserted. */
	run(...args) {
		const options = typeof args.at(-1) === 'object' ? args.pop() : {};
		const env = { ...process.env, TRICHTER_DATA: this.data, ...options.env };
		for (const name of ['TRICHTER_ZONE', 'TRICHTER_MEMORY_MAX'])
			if (!options.env?.[name]) delete env[name];
		const r = spawnSync(binary, args, {
			env,
			cwd: options.cwd ?? root,
			input: options.input ?? '',
			encoding: 'utf8',
			maxBuffer: 1 << 28,
			timeout: 120000,
		});
		if (r.error) throw r.error;
		if (r.signal) throw new Error(`trichter ${args.join(' ')}: ended by ${r.signal}\n${r.stderr}`);
		return { status: r.status, out: r.stdout, err: r.stderr };
	}

	/** Runs a command that must end with this status; gives back standard output. */
	status(want, ...args) {
		const r = this.run(...args);
		if (r.status !== want)
			throw new Error(`trichter ${args.join(' ')}: status ${r.status}, not ${want}\n${r.out}${r.err}`);
		return want === 0 ? r.out : r;
	}
	ok(...args) {
		return this.status(0, ...args);
	}
	json(...args) {
		return JSON.parse(this.ok(...args, '--format', 'json'));
	}

	/** Writes a file into the test's own folder. */
	file(name, content) {
		const path = join(this.home, name);
		writeFileSync(path, content);
		return path;
	}
	path(name) {
		return join(this.home, name);
	}
	/** The counts of a funnel's steps, whatever its exit status. */
	counts(...args) {
		const r = this.run('funnel', ...args, '--format', 'json');
		if (r.status > 1) throw new Error(r.err);
		return JSON.parse(r.out).steps.map((s) => s.count);
	}
}

/** Rows of a CSV text without quotes that hold commas: enough for what the tests read. */
export function rows(csv) {
	const [head, ...lines] = csv.trim().split('\n').map((l) => l.split(','));
	return lines.map((l) => Object.fromEntries(head.map((h, i) => [h, l[i]])));
}
