/*
 * build.mjs - from web/ to build/web: the files that browsers get, and one C file that holds them.
 *
 * What it is:   esbuild makes scripts (split, so that a screen loads only what it needs) and one
 *               style sheet; the pages index and home are written for each language, with what they
 *               need first named in their head; everything is compressed once, as strongly as can be.
 * Writes:       OUT/files/*, OUT/assets.c (a table of `struct asset`, the bytes by .incbin) and
 *               OUT/sizes.json (what each screen weighs; tests hold it to its limit).
 * Promises:     the same input gives the same output, byte for byte; a name with a hash never
 *               changes its content.
 *
 *   node build.mjs OUT          OUT is relative to the working directory, as .incbin will see it
 */
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? 'build/web';
const files = join(out, 'files');
const languages = ['en', 'de'];

const types = {
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.html': 'text/html; charset=utf-8',
	'.txt': 'text/plain; charset=utf-8',
	'.svg': 'image/svg+xml',
	'.webmanifest': 'application/manifest+json',
};

function hash_of(bytes) {
	return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/* Every style sheet below src, in the order tokens, base, components, screens. */
function style_sheets() {
	const found = [];
	for (const dir of ['styles', 'components', 'app', 'screens']) {
		const names = readdirSync(join(here, 'src', dir), { recursive: true });
		found.push(...names.filter((n) => n.endsWith('.css')).sort().map((n) => `./${dir}/${n}`));
	}
	return found.map((f) => `@import "${f}";`).join('\n');
}

const shared = {
	bundle: true,
	minify: true,
	write: false,
	metafile: true,
	outdir: files,
	absWorkingDir: here,
	target: ['es2021', 'chrome100', 'firefox102', 'safari15.4'],
	legalComments: 'none',
	logLevel: 'warning',
};

/*
 * A browser has six connections to a server, and each script is a round trip: so what all screens
 * share comes as one script, not as the dozen that splitting by need would make. Every screen
 * imports all of it, whether it needs it or not; hence esbuild finds one set of users, and makes
 * one chunk. Charts and languages stay apart.
 */
function shared_modules() {
	const found = ['./main'];
	for (const dir of ['app', 'lib', 'components'])
		for (const name of readdirSync(join(here, 'src', dir)).sort())
			if (/\.tsx?$/.test(name))
				found.push(`./${dir}/${name.replace(/\.tsx?$/, '')}`);
	// the trend, loaded later, asks as the home does
	return [...found, './i18n/i18n', './screens/funnel/api'].map((f) => `import '${f}';`).join('\n');
}
const share = {
	name: 'share',
	setup(b) {
		b.onResolve({ filter: /^shared:all$/ }, (a) => ({ path: a.path, namespace: 'shared' }));
		b.onLoad({ filter: /.*/, namespace: 'shared' }, () => ({ contents: shared_modules(), resolveDir: join(here, 'src') }));
		b.onLoad({ filter: /src\/screens\/.*\.tsx?$/ }, (a) => ({
			contents: `import 'shared:all'; ${readFileSync(a.path, 'utf8')}`,
			loader: a.path.endsWith('x') ? 'tsx' : 'ts',
		}));
	},
};

const scripts = await build({
	...shared,
	entryPoints: { app: 'shared:all' },
	plugins: [share],
	format: 'esm',
	splitting: true,
	jsx: 'automatic',
	jsxImportSource: 'preact',
	chunkNames: '[name]-[hash]',
	entryNames: '[name]-[hash]',
});
const styles = await build({
	...shared,
	stdin: { contents: style_sheets(), loader: 'css', resolveDir: join(here, 'src') },
	entryNames: 'app-[hash]',
});

/* name → { input files, scripts imported at once, bytes } of every script. */
const chunks = new Map();
for (const [path, o] of Object.entries(scripts.metafile.outputs)) {
	chunks.set(basename(path), {
		entry: o.entryPoint ?? '',
		inputs: Object.keys(o.inputs),
		now: o.imports.filter((i) => i.kind === 'import-statement').map((i) => basename(i.path)),
	});
}
/* A chunk of esbuild's own helpers does nothing by itself; imports that take nothing from it would
 * only be one more round trip. */
for (const [helpers, c] of chunks) {
	if (c.entry || c.inputs.length > 0)
		continue;
	const bare = `import"./${helpers}";`;
	for (const f of scripts.outputFiles) {
		if (!f.text.includes(bare))
			continue;
		f.contents = Buffer.from(f.text.replace(bare, ''));
		const user = chunks.get(basename(f.path));
		user.now = user.now.filter((n) => n !== helpers);
	}
}
function chunk_of(entry) {
	for (const [name, c] of chunks)
		if (c.entry === entry)
			return name;
	throw new Error(`build.mjs: no script is made from ${entry}`);
}
/* The first script: it holds main.tsx and all that the screens share. */
function chunk_with(input) {
	for (const [name, c] of chunks)
		if (c.inputs.includes(input))
			return name;
	throw new Error(`build.mjs: ${input} is in no script`);
}
/* A script with everything that it imports at once. */
function closure(names, seen = new Set()) {
	for (const name of names) {
		if (seen.has(name))
			continue;
		seen.add(name);
		closure(chunks.get(name).now, seen);
	}
	return seen;
}

/* The tracker of other people's pages: one script by itself, for older browsers too. */
const tracker = await build({
	...shared,
	entryPoints: { t: 'tracker/t.ts' },
	format: 'iife',
	target: ['es2020', 'chrome80', 'firefox78', 'safari14'],
	supported: { destructuring: true },
});

const assets = []; // { path, type, bytes, immutable }
for (const f of [...scripts.outputFiles, ...styles.outputFiles]) {
	const name = basename(f.path).replace(/^stdin-/, 'app-');
	assets.push({ path: `/assets/${name}`, name, bytes: Buffer.from(f.contents), immutable: true });
}
assets.push({ path: '/t.js', name: 't.js', bytes: Buffer.from(tracker.outputFiles[0].contents) });
const sheet = assets.find((a) => a.name.endsWith('.css'));
const app = chunk_with('src/main.tsx');

/* The page for one language. What it needs first is named in its head, so that the browser asks
 * for all of it at once; the home even asks for its numbers before any script has run. */
function page(language, first) {
	const scripts_first = closure([app, chunk_of(`src/i18n/${language}/index.ts`), ...first.scripts]);
	const head = [...scripts_first].map((s) => `<link rel="modulepreload" href="/assets/${s}">`);
	head.push(...first.data.map((d) => `<link rel="preload" as="fetch" crossorigin href="${d}">`));
	return readFileSync(join(here, 'index.html'), 'utf8')
		.replaceAll('%LANGUAGE%', language)
		.replace('%STYLE%', `/assets/${sheet.name}`)
		.replace('%SCRIPT%', `/assets/${app}`)
		.replace('%FIRST%', head.join('\n'));
}
const routes = readFileSync(join(here, 'src/app/routes.ts'), 'utf8');
const home = { scripts: [chunk_of('src/screens/funnel/funnel.tsx')], data: ['/api/v1/session', '/api/v1/funnel'] };
for (const language of languages) {
	const index = page(language, { scripts: [], data: ['/api/v1/session'] });
	assets.push({ path: `index.${language}.html`, name: `index.${language}.html`, bytes: Buffer.from(index) });
	const at_home = page(language, home);
	assets.push({ path: `home.${language}.html`, name: `home.${language}.html`, bytes: Buffer.from(at_home) });
	for (const [, pattern, screen] of routes.matchAll(/pattern: '([^']+)'.*import\('\.\.\/(screens\/[^']+)'\)/g)) {
		const own = page(language, { scripts: [chunk_of(`src/${screen}.tsx`)], data: ['/api/v1/session'] });
		const name = `screen${pattern.replace(/[/{}]+/g, '-')}.${language}.html`;
		assets.push({ path: `screen${pattern}.${language}.html`, name, bytes: Buffer.from(own) });
	}
}
for (const name of readdirSync(join(here, 'static')).sort())
	assets.push({ path: `/${name}`, name, bytes: readFileSync(join(here, 'static', name)) });

/* ---------- writing ---------- */
rmSync(files, { recursive: true, force: true });
mkdirSync(files, { recursive: true });
assets.sort((a, b) => (a.path < b.path ? -1 : 1));
for (const a of assets) {
	a.type = types[a.name.slice(a.name.lastIndexOf('.'))];
	if (!a.type)
		throw new Error(`build.mjs: what is the type of ${a.name}?`);
	a.gzip = gzipSync(a.bytes, { level: 9 });
	a.br = brotliCompressSync(a.bytes, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: 11,
			[constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
			[constants.BROTLI_PARAM_SIZE_HINT]: a.bytes.length,
		},
	});
	writeFileSync(join(files, a.name), a.bytes);
	writeFileSync(join(files, `${a.name}.gz`), a.gzip);
	writeFileSync(join(files, `${a.name}.br`), a.br);
}

/* The bytes come in with .incbin, which gcc and clang take alike and which costs no time. */
function c_bytes(symbol, path) {
	return `BYTES(${symbol}, "${path}")`;
}
const lines = [
	'/* assets.c - made by web/build.mjs: the files of the screens, as browsers get them. */',
	'#include "server/assets_int.h"',
	'',
	'#define BYTES(name, path)                                                  \\',
	'	__asm__(".section .rodata\\n.balign 16\\n" #name ":\\n.incbin \\"" path "\\"\\n"  \\',
	'		".byte 0\\n.text\\n");                                             \\',
	'	extern const unsigned char name[] __attribute__((visibility("hidden")))',
	'',
];
assets.forEach((a, i) => {
	lines.push(`${c_bytes(`asset_${i}`, join(files, a.name))};`);
	lines.push(`${c_bytes(`asset_${i}_gzip`, join(files, `${a.name}.gz`))};`);
	lines.push(`${c_bytes(`asset_${i}_br`, join(files, `${a.name}.br`))};`);
});
lines.push('', 'const struct asset assets[] = {');
assets.forEach((a, i) => {
	lines.push(`	{ "${a.path}", "${a.type}", "${hash_of(a.bytes)}",`);
	lines.push(`	  asset_${i}, ${a.bytes.length}, asset_${i}_gzip, ${a.gzip.length}, asset_${i}_br, ${a.br.length},`);
	lines.push(`	  ${a.immutable ? 'true' : 'false'} },`);
});
lines.push('};', `const size_t assets_n = ${assets.length};`, '');
writeFileSync(join(out, 'assets.c'), lines.join('\n'));

/* ---------- what a screen weighs: its page, style, scripts and one language ---------- */
const weight = new Map(assets.map((a) => [a.name, a.br.length]));
function weigh(names) {
	return [...names].reduce((sum, n) => sum + weight.get(n), 0);
}
const sizes = { screens: {}, charts: 0, tracker: assets.find((a) => a.name === 't.js').gzip.length, style: weight.get(sheet.name), app: weigh(closure([app])) };
const charts = closure([chunk_of('src/components/chart/echarts.ts')]);
for (const [name, c] of chunks) {
	const screen = c.entry.match(/^src\/screens\/(.+)\.tsx$/);
	if (!screen)
		continue;
	const needs = closure([app, name, chunk_of('src/i18n/de/index.ts')]);
	sizes.screens[screen[1]] = weigh(needs) + sizes.style + weight.get('index.de.html');
}
sizes.charts = weigh([...charts].filter((n) => !closure([app]).has(n)));
writeFileSync(join(out, 'sizes.json'), JSON.stringify(sizes, null, '\t') + '\n');

const heaviest = Math.max(...Object.values(sizes.screens));
console.log(`${relative('.', out)}: ${assets.length} files, the heaviest screen ${Math.round(heaviest / 1024)} KB, charts ${Math.round(sizes.charts / 1024)} KB more (brotli)`);
