// bundle.mjs - a module of src/ as node can import it: esbuild takes the types away.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = join(dirname(fileURLToPath(import.meta.url)), '../src');

/** Imports `lines` (TypeScript, resolved from src/) as one module. */
export async function load(lines) {
	const made = await build({
		stdin: { contents: lines, resolveDir: src, loader: 'ts' },
		bundle: true,
		write: false,
		format: 'esm',
		platform: 'node',
		jsx: 'automatic',
		jsxImportSource: 'preact',
		loader: { '.css': 'empty' },
		logLevel: 'warning',
	});
	return import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString('base64')}`);
}

/** What modules expect of a browser when they are loaded. */
export function pretend() {
	const store = new Map();
	globalThis.localStorage = { getItem: (k) => store.get(k) ?? null, setItem: (k, v) => store.set(k, v) };
	globalThis.location = new URL('http://trichter.test/');
	globalThis.history = { pushState() {}, replaceState() {} };
	globalThis.document = {
		documentElement: { dataset: {}, lang: 'en' },
		cookie: '',
		addEventListener() {},
	};
	globalThis.window = { addEventListener() {}, setTimeout, scrollTo() {} };
}
