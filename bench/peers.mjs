// peers.mjs - the same funnels over the same touches by Trichter, ClickHouse and DuckDB.
//
// node bench/peers.mjs [--touches 1000000] [--days 90] [--seed 1] [--repeats 3] [--linear]
//                      [--year] [--peers clickhouse,duckdb] [--dir DIR] [--json FILE] [--all]
//
// Trichter makes the touches and answers first; the peers get the same touches and have to answer
// the same, else this fails. Each runs in a process of its own, with as many threads as there are
// cores, one after another; of several ways to ask, a peer's best counts. --year asks over a year as
// well, and --linear Trichter alone over a hundredth, a tenth and all of the touches. --all is the
// whole measurement: 100 million touches over 90 days and over a year, and linear.
// What is written goes into a directory of its own below DIR (TMPDIR, /tmp) and is removed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, isDeepStrictEqual } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: {
	touches: { type: 'string' }, days: { type: 'string', default: '90' }, seed: { type: 'string', default: '1' },
	repeats: { type: 'string', default: '3' }, peers: { type: 'string', default: 'clickhouse,duckdb' },
	dir: { type: 'string', default: tmpdir() }, json: { type: 'string' }, linear: { type: 'boolean' },
	year: { type: 'boolean' }, all: { type: 'boolean' },
	trichter: { type: 'string', default: join(here, '../build/release/trichter') },
} });
if (options.all)
	options.linear = options.year = true;
const touches = Number(options.touches ?? (options.all ? 100e6 : 1e6));
const threads = availableParallelism();

const BASE_MS = 1700000000000;
const MS_PER_DAY = 86400000;
const QUESTIONS = {
	plain: ['plain', '5 steps, 14 days'],
	by_first_touch: ['source', 'by the first step\'s source'],
	filtered: ['filter', 'half of the people'],
	month: ['month', 'who began in one month'],
};

const say = (text) => process.stderr.write(`${text}\n`);
const run = (file, args) => execFileSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });

function trichter(count, days, dir) {
	say(`trichter: ${count} touches over ${days} days ...`);
	const args = ['bench', 'funnel', '--touches', String(count), '--days', String(days), '--seed', options.seed,
		'--format', 'json', '--dir', options.dir];
	return JSON.parse(run(options.trichter, dir ? [...args, '--peers', dir] : args));
}

function ask(name, dir, days) {
	say(`${name} ...`);
	const fromMs = BASE_MS + Math.floor(days / 2) * MS_PER_DAY;
	const task = {
		dir, threads, steps: [1, 3, 5, 7, 9], windowDays: 14, repeats: Number(options.repeats),
		month: { fromMs, toMs: fromMs + 30 * MS_PER_DAY }, questions: Object.keys(QUESTIONS),
		leave: join(dir, 'touches.parquet'),
	};
	const file = join(dir, `${name}.json`);
	writeFileSync(file, JSON.stringify(task));
	return JSON.parse(run(process.execPath, [join(here, 'peer.mjs'), name, file]).trim().split('\n').at(-1));
}

// Groups in which nobody came anywhere are no groups to the peers.
const groups = (sources) => Object.fromEntries(Object.entries(sources).filter(([, counts]) => counts.some((n) => n > 0)).sort());

function compare(peer, answers) {
	for (const [question, ways] of Object.entries(peer.questions)) {
		const want = question === 'by_first_touch' ? groups(answers.by_first_touch) : answers[question];
		for (const way of ways) {
			const got = question === 'by_first_touch' ? groups(way.answer) : way.answer;
			if (!isDeepStrictEqual(got, want))
				throw new Error(`${peer.name} (${way.how}) answers ${question} otherwise: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
		}
	}
}

const best = (ways, what) => ways.reduce((a, b) => (b[what] < a[what] ? b : a));
const number = (n, digits = 0) => n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function table(head, lines) {
	const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i].length)));
	const row = (line) => `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
	return [row(head), `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`, ...lines.map(row)].join('\n');
}

function show(ours, peers, days) {
	const f = ours.figures;
	const lines = [];
	for (const [question, [key, name]] of Object.entries(QUESTIONS)) {
		for (const [what, label, field] of [['wallMs', 'time', `${key}_ms`], ['cpuMs', 'processor', `${key}_cpu_ms`]]) {
			const theirs = peers.map((p) => best(p.questions[question], what));
			const least = Math.min(...theirs.map((t) => t[what]));
			lines.push([`${name}, ${label}`, `${number(f[field], 1)} ms`,
				...theirs.map((t) => `${number(t[what])} ms (${t.how})`), `${number(least / f[field], 1)} times`]);
		}
	}
	const least = Math.min(...peers.map((p) => p.bytes / f.touches));
	lines.push(['bytes a touch', number(f.bytes_per_touch, 2), ...peers.map((p) => number(p.bytes / f.touches, 2)), `${number(least / f.bytes_per_touch, 2)} times`]);
	lines.push(['peak memory', `${number(f.peak_mib)} MiB`, ...peers.map((p) => `${number(p.peakMiB)} MiB`), '']);
	lines.push(['reading the columns', `${number(f.floor_ms, 1)} ms`, ...peers.map(() => ''), '']);
	console.log(`\n## ${number(f.touches)} touches of ${number(f.people)} people over ${days} days\n`);
	console.log(table(['', `Trichter ${ours.machine.trichter}`, ...peers.map((p) => `${p.name} ${p.version}`), 'the best peer takes'], lines));
	console.log(`\nAll answers are equal. By source ${number(f.source_ratio, 2)}, filtered ${number(f.filter_ratio, 2)}, one month ${
		number(f.month_ratio, 2)} of the plain question's processor time; ${number(f.floor_ratio, 1)} times reading the columns.`);
}

function besides(days) {
	const dir = mkdtempSync(join(options.dir, 'trichter-peers-'));
	try {
		const ours = trichter(touches, days, dir);
		const answers = JSON.parse(readFileSync(join(dir, 'answers.json'), 'utf8'));
		const peers = options.peers.split(',').filter(Boolean).map((name) => ask(name, dir, days));
		for (const peer of peers)
			compare(peer, answers);
		show(ours, peers, days);
		return { days, ours, peers };
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
}

function linear() {
	const steps = [touches / 100, touches / 10, touches].map((count) => trichter(Math.round(count), Number(options.days)));
	console.log(`\n## Linear\n`);
	console.log(table(['touches', 'time', 'processor', 'a touch'], steps.map(({ figures: f }) =>
		[number(f.touches), `${number(f.plain_ms, 2)} ms`, `${number(f.plain_cpu_ms, 2)} ms`, `${number(f.plain_ns, 2)} ns`])));
	return steps;
}

const result = { runs: [besides(Number(options.days))] };
if (options.year)
	result.runs.push(besides(365));
if (options.linear)
	result.linear = linear();
const { machine } = result.runs[0].ours;
console.log(`\n${machine.cpu}, ${machine.cores} cores, ${number(machine.memory_gib)} GiB; ${machine.kernel}; ${machine.compiler}; node ${process.version}`);
if (options.json)
	writeFileSync(options.json, `${JSON.stringify(result, null, '\t')}\n`);
