// peer_clickhouse.mjs - the questions of `trichter bench funnel` for ClickHouse, as a library (chdb).
//
// Times are kept in milliseconds and everything is sorted and packed as its manual advises for such
// data; what is selected in each question is no more than it needs. windowFunnel has one row in one
// step alone ('strict_once'), as Trichter's default has it.
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { Session } from 'chdb';

const MS_PER_DAY = 86400000;

export function open(task) {
	const dir = join(task.dir, 'clickhouse');
	const session = new Session(dir);
	const rows = (sql) => session.query(sql, 'CSV').trim().split('\n').filter(Boolean).map((line) => line.split(',').map(Number));
	const window = task.windowDays * MS_PER_DAY;
	const names = task.steps.join(',');
	const funnel = (first, rest = task.steps.slice(1)) =>
		`windowFunnel(${window}, 'strict_once')(at, ${[first, ...rest.map((name) => `name = ${name}`)].join(', ')})`;
	const begins = `name = ${task.steps[0]}`;
	const { fromMs, toMs } = task.month;
	const levels = (level, where, extra = '') => ({
		inner: `SELECT person, ${level} AS level${extra} FROM t WHERE name IN (${names})${where} GROUP BY person`,
	});
	const plain = levels(funnel(begins), '');
	const questions = {
		plain: `SELECT level, count() FROM (${plain.inner}) GROUP BY level`,
		by_first_touch: `SELECT source, level, count() FROM (${levels(funnel(begins), '',
			`, argMinIf(source, at, ${begins}) AS source`).inner}) WHERE level > 0 GROUP BY source, level`,
		filtered: `SELECT level, count() FROM (${levels(funnel(begins), ' AND person % 2 = 1').inner}) GROUP BY level`,
		month: `SELECT level, count() FROM (${levels(funnel(`${begins} AND at >= ${fromMs} AND at < ${toMs}`),
			` AND at >= ${fromMs} AND at < ${toMs + window}`).inner}) GROUP BY level`,
	};
	return {
		version: session.query('SELECT version()', 'TabSeparated').trim(),
		load() {
			session.query(`CREATE TABLE t (person UInt32 CODEC(Delta, ZSTD(3)), at UInt64 CODEC(Delta, ZSTD(3)),
				name UInt8 CODEC(ZSTD(3)), source UInt8 CODEC(ZSTD(3))) ENGINE = MergeTree ORDER BY (person, at)`);
			session.query(`INSERT INTO t SELECT person, intDiv(at, 1000), name, source FROM file('${join(task.dir, 'touches.bin')}',
				'RowBinary', 'person UInt32, at UInt64, name UInt8, source UInt8') SETTINGS max_threads = ${task.threads}`);
			session.query('OPTIMIZE TABLE t FINAL');
		},
		// For the peer that reads no rows of bytes.
		leave(path) {
			rmSync(path, { force: true });
			session.query(`SELECT person, at, name, source FROM t ORDER BY person, at INTO OUTFILE '${path}' FORMAT Parquet`);
		},
		bytes: () => rows(`SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 't'`)[0][0],
		// Several ways for each question: the best counts.
		ways: (question) => ['', ', optimize_aggregation_in_order = 1'].map((how) => ({
			how: `windowFunnel${how && ', aggregated in order'}`,
			run() {
				const found = rows(`${questions[question]} SETTINGS max_threads = ${task.threads}${how}`);
				return question === 'by_first_touch'
					? found.map(([source, level, count]) => ({ source, level, count }))
					: found.map(([level, count]) => ({ level, count }));
			},
		})),
		close: () => session.close(),
	};
}
