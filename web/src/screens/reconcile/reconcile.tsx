/*
 * reconcile.tsx - a list from another system beside what is counted here: who is on both, who is
 * not, and why.
 *
 * The list itself stays on the page: it holds addresses, and has no business in an address bar.
 */
import { useState } from 'preact/hooks';
import { useQuery } from '../../app/router';
import { useSession } from '../../app/session';
import type { Subject } from '../../components/behind';
import { Button } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { Field, Select } from '../../components/field';
import { Period } from '../../components/period';
import { RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { language, t, tOr, type Key } from '../../i18n/i18n';
import { post, Problem } from '../../lib/api';
import { periodOf } from '../../lib/period';
import { saveCsv } from '../../lib/save';
import { useStore } from '../../lib/store';

const lines_max = 10_000;

interface Row {
	given: string;
	person: number | null;
	name: string | null;
	counted: boolean;
	code: string;
	why: { en: string; de: string };
}
interface Answer {
	stage: string;
	counted_here: number;
	given: number;
	counted_of_given: number;
	names_left_out: boolean;
	rows: Row[];
	missing_there: { rows: Subject[]; count: number };
}

/* The first column of what was pasted; marks around it and empty lines go. */
export function linesOf(text: string): string[] {
	return text.split(/\r?\n/)
		.map((l) => (l.split(/[\t;,]/)[0] ?? '').trim().replace(/^"(.*)"$/, '$1').trim())
		.filter((l) => l !== '');
}

function Summary({ a }: { a: Answer }) {
	const key = `stages.${a.stage}`;
	const name = tOr(key, '') ? t(key as Key, { n: 2 }) : a.stage;
	const missing = a.rows.filter((r) => !r.counted).length;
	return (
		<p class="truth" role="status">
			{t('rec.truth', { given: a.given, both: a.counted_of_given, name })}{' '}
			{t('rec.truthMissing', { missing, extra: a.missing_there.count })}
		</p>
	);
}

function Given({ rows, label }: { rows: Row[]; label: string }) {
	const spoken = useStore(language);
	return (
		<Table label={label} rows={rows} id={(r) => rows.indexOf(r)} arrows={false}
			columns={[
				{ key: 'given', title: t('rec.given'), phone: 1, cell: (r) => (r.person ? <a href={`/people/${r.person}`}>{r.given}</a> : r.given) },
				{ key: 'name', title: t('rec.who'), cell: (r) => (r.name === r.given ? '' : r.name) },
				{ key: 'why', title: t('rec.why'), phone: 2, wide: true, cell: (r) => <span title={r.why[spoken]}>{r.why[spoken]}</span> },
			]} />
	);
}

function Extra({ rows }: { rows: Subject[] }) {
	return (
		<Table label={t('rec.extra')} rows={rows} id={(r) => r.person ?? 0} href={(r) => `/people/${r.person}`}
			columns={[
				{ key: 'name', title: t('funnel.name'), phone: 1, cell: (r) => r.name ?? t('rec.anonymous') },
				{ key: 'email', title: t('rec.email'), phone: 2, wide: true, cell: (r) => r.email },
				{ key: 'company', title: t('funnel.company'), cell: (r) => (r.company && typeof r.company === 'object' ? r.company.name : '') },
				{ key: 'at', title: t('rec.entered'), phone: 2, cell: (r) => <RelativeTime at={r.at ?? 0} /> },
			]} />
	);
}

function Result({ a }: { a: Answer }) {
	const spoken = useStore(language);
	const [both, showBoth] = useState(false);
	const counted = a.rows.filter((r) => r.counted);
	const missing = a.rows.filter((r) => !r.counted);
	const take = () => saveCsv('reconcile', [
		['list', 'given', 'person', 'name', 'email', 'counted', 'why'],
		...a.rows.map((r) => ['given', r.given, r.person, r.name, '', r.counted ? 'yes' : 'no', r.why[spoken]]),
		...a.missing_there.rows.map((r) => ['here', '', r.person ?? null, r.name ?? '', r.email ?? '', 'yes', t('rec.notGiven')]),
	]);
	return (
		<>
			<div class="line spread"><Summary a={a} /><Button onClick={take}>{t('c.export')}</Button></div>
			{a.names_left_out && <p class="grey">{t('rec.namesLeftOut')}</p>}
			<h2>{t('rec.missing')} · {missing.length}</h2>
			{missing.length ? <Given rows={missing} label={t('rec.missing')} /> : <p class="grey">{t('rec.missingNone')}</p>}
			<h2>{t('rec.extra')} · {a.missing_there.count}</h2>
			{a.missing_there.count ? <Extra rows={a.missing_there.rows} /> : <p class="grey">{t('rec.extraNone')}</p>}
			<h2>{t('rec.both')} · {counted.length}</h2>
			{counted.length > 0 && <Button kind="quiet" aria-expanded={both} onClick={() => showBoth(!both)}>{both ? t('rec.hide') : t('c.show')}</Button>}
			{both && <Given rows={counted} label={t('rec.both')} />}
		</>
	);
}

export default function ReconcileScreen() {
	const { workspace } = useSession();
	const [query, set] = useQuery();
	const [text, setText] = useState('');
	const [answer, setAnswer] = useState<Answer | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const [busy, setBusy] = useState(false);
	const stages = workspace.stages.filter((s) => s !== 'visitor');
	const stage = query.get('stage') ?? (stages.includes('mql') ? 'mql' : (stages[0] ?? ''));
	const lines = linesOf(text);
	const compare = async () => {
		setBusy(true);
		setProblem(null);
		try {
			const span = periodOf(query);
			setAnswer(await post<Answer>('/api/v1/reconcile', { ids: lines, stage, ...span }));
		} catch (e) {
			setProblem(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
		}
		setBusy(false);
	};
	const read = async (files: FileList | null) => {
		const file = files?.[0];
		if (file)
			setText(await file.text());
	};
	const many = lines.length > lines_max;
	return (
		<div class="stack-wide">
			<h1>{t('nav.reconcile')}</h1>
			<p class="grey">{t('rec.about')}</p>
			<form class="stack" onSubmit={(e) => { e.preventDefault(); void compare(); }}>
				<div class="controls">
					<Select label={t('rec.stage')} value={stage} onValue={(v) => set({ stage: v })}
						options={stages.map((s) => ({ value: s, text: tOr(`stage.${s}`, s) }))} />
					<Period />
				</div>
				<Field label={t('rec.list')} rows={8} value={text} onValue={setText} placeholder={'ada@example.com\nhubspot:4711\nAda Lovelace'}
					help={lines.length ? t('rec.lines', { n: lines.length }) : t('rec.listHelp')}
					error={many ? t('rec.tooMany', { n: lines.length, max: lines_max }) : null} />
				<div class="line">
					<Button kind="main" submit busy={busy} disabled={lines.length === 0 || many}>{t('rec.compare')}</Button>
					<label class="button quiet" for="reconcile-file">{t('rec.file')}</label>
					<input id="reconcile-file" class="hidden" type="file" accept=".csv,.txt,text/csv,text/plain" onChange={(e) => void read(e.currentTarget.files)} />
				</div>
			</form>
			<ErrorLine problem={problem} />
			{answer ? <Result a={answer} /> : !problem && <Empty text={t('rec.empty')} />}
		</div>
	);
}
