// peer_duckdb.mjs - the questions of `trichter bench funnel` for DuckDB.
//
// Two ways, of which the better counts: a chain of backward ASOF joins (for each touch of a step the
// last chain of the step before that had not begun too early), and the same by window functions over
// one pass. Both keep, for every touch of a step, when the latest chain that ends in it began.
import { join } from 'node:path';
import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const MS_PER_DAY = 86400000;

export async function open(task) {
	const path = join(task.dir, 'duckdb.db');
	const instance = await DuckDBInstance.create(path, { threads: String(task.threads) });
	const c = await instance.connect();
	const rows = async (sql) => (await c.runAndReadAll(sql)).getRows().map((row) => row.map(Number));
	const window = task.windowDays * MS_PER_DAY;
	const { fromMs, toMs } = task.month;
	const of = {
		plain: { where: 'true', begins: 'true' },
		by_first_touch: { where: 'true', begins: 'true' },
		filtered: { where: 'person % 2 = 1', begins: 'true' },
		month: { where: `ms >= ${fromMs} AND ms < ${toMs + window}`, begins: `ms < ${toMs}` },
	};
	// Everyone's level, from those who came to each step.
	const counted = (question, steps) => {
		const levels = steps.map((from, k) => `SELECT person, ${k + 1} AS level FROM ${from}`).join(' UNION ALL ');
		const level = `SELECT person, max(level) AS level FROM (${levels}) GROUP BY person`;
		if (question !== 'by_first_touch')
			return `SELECT level, count(*) FROM (${level}) GROUP BY level`;
		return `SELECT source, level, count(*) FROM (${level}) JOIN
			(SELECT person, arg_min(source, ms) AS source FROM t WHERE name = ${task.steps[0]} GROUP BY person) USING (person)
			GROUP BY source, level`;
	};
	const asof = (question) => {
		const q = of[question];
		const steps = task.steps.map((name, k) => (k === 0
			? `s0 AS MATERIALIZED (SELECT person, ms, ms AS entry FROM t WHERE name = ${name} AND ${q.where} AND ${q.begins})`
			: `s${k} AS MATERIALIZED (SELECT a.person, a.ms, b.entry FROM
				(SELECT person, ms FROM t WHERE name = ${name} AND ${q.where}) a ASOF JOIN s${k - 1} b
				ON a.person = b.person AND a.ms >= b.ms WHERE a.ms - b.entry <= ${window})`));
		return `WITH ${steps.join(', ')} ${counted(question, task.steps.map((_, k) => `s${k}`))}`;
	};
	const windows = (question) => {
		const q = of[question];
		const ordered = 'OVER (PARTITION BY person ORDER BY ms ROWS UNBOUNDED PRECEDING)';
		const steps = task.steps.map((name, k) => (k === 0
			? `w0 AS (SELECT person, ms, name, CASE WHEN name = ${name} AND ${q.begins} THEN ms END AS e FROM t
				WHERE name IN (${task.steps.join(',')}) AND ${q.where})`
			: `w${k} AS (SELECT person, ms, name, CASE WHEN name = ${name} THEN max(e) ${ordered} END AS e${k === 1
				? ', e AS e0' : `, e0${task.steps.slice(1, k - 1).map((_, i) => `, e${i + 1}`).join('')}, e AS e${k - 1}`} FROM w${k - 1})`));
		const last = task.steps.length - 1;
		const reached = task.steps.map((_, k) => `CASE WHEN ms - ${k === last ? 'e' : `e${k}`} <= ${window} THEN ${k + 1} ELSE 0 END`);
		const level = `SELECT person, max(greatest(${reached.join(', ')})) AS level FROM w${last} GROUP BY person`;
		const all = `WITH ${steps.join(', ')}, l AS (${level})`;
		if (question !== 'by_first_touch')
			return `${all} SELECT level, count(*) FROM l GROUP BY level`;
		return `${all} SELECT source, level, count(*) FROM l JOIN
			(SELECT person, arg_min(source, ms) AS source FROM t WHERE name = ${task.steps[0]} GROUP BY person) USING (person)
			WHERE level > 0 GROUP BY source, level`;
	};
	const way = (how, sql) => ({
		how,
		async run() {
			const found = await rows(sql);
			return found[0]?.length === 3
				? found.map(([source, level, count]) => ({ source, level, count }))
				: found.map(([level, count]) => ({ level, count }));
		},
	});
	return {
		version: (await c.runAndReadAll('SELECT version()')).getRows()[0][0],
		async load() {
			await c.run(`CREATE TABLE t AS SELECT person::UINTEGER AS person, "at"::BIGINT AS ms, name::UTINYINT AS name,
				source::UTINYINT AS source FROM read_parquet('${join(task.dir, 'touches.parquet')}')`);
			await c.run('CHECKPOINT');
		},
		bytes: () => statSync(path).size,
		ways: (question) => [way('ASOF joins', asof(question)), way('window functions', windows(question))],
		close: () => c.closeSync(),
	};
}
