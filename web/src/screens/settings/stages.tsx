/*
 * stages.tsx - the line from lead to customer: which stages there are, what they are called, and
 * where the zones begin.
 */
import { useState } from 'preact/hooks';
import { sessionBegin, type Session } from '../../app/session';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Field, Select } from '../../components/field';
import { toast } from '../../components/toast';
import { t, type Key } from '../../i18n/i18n';
import { get } from '../../lib/api';
import { SettingsPage } from './page';
import { useDocument, type Document } from './settings-save';

type Zone = 'tofu' | 'mofu' | 'bofu';
interface Stage {
	name: string;
	en: string;
	de: string;
	zone: Zone;
}
interface Line {
	stages: Stage[];
	etag: string;
}
interface Row extends Stage {
	id: number;
	fresh: boolean; /* its name can still be chosen */
}
const zones: Zone[] = ['tofu', 'mofu', 'bofu'];
const stages_max = 20;
let last = 0;

function swapped(rows: Row[], i: number, by: number): Row[] {
	const to = i + by;
	const next = [...rows];
	const [a, b] = [next[i], next[to]];
	if (a && b) {
		next[i] = b;
		next[to] = a;
	}
	return next;
}

function One({ row, i, n, set, move, drop }: { row: Row; i: number; n: number; set: (r: Row) => void; move: (by: number) => void; drop: () => void }) {
	const title = row.en || row.name || t('office.newStage');
	return (
		<fieldset class="stage-row">
			<legend class="hidden">{title}</legend>
			<Field label={t('office.stageName')} value={row.name} onValue={(name) => set({ ...row, name: name.toLowerCase() })} disabled={!row.fresh} maxLength={40} />
			<Field label="English" value={row.en} onValue={(en) => set({ ...row, en })} maxLength={40} />
			<Field label="Deutsch" value={row.de} onValue={(de) => set({ ...row, de })} maxLength={40} />
			<Select label={t('office.zoneOf')} value={row.zone} onValue={(z) => set({ ...row, zone: z as Zone })}
				options={zones.map((z) => ({ value: z, text: t(`office.${z}` as Key) }))} />
			<div class="line stage-moves">
				<Button kind="quiet" disabled={i === 0} aria-label={`${t('office.up')}: ${title}`} onClick={() => move(-1)}>{t('office.up')}</Button>
				<Button kind="quiet" disabled={i === n - 1} aria-label={`${t('office.down')}: ${title}`} onClick={() => move(1)}>{t('office.down')}</Button>
				<Button kind="quiet" disabled={n <= 2} aria-label={`${t('office.drop')}: ${title}`} onClick={drop}>{t('office.drop')}</Button>
			</div>
		</fieldset>
	);
}

function Edit({ doc, now }: { doc: Document<Line>; now: Stage[] }) {
	const [rows, setRows] = useState<Row[]>(() => now.map((s) => ({ ...s, id: ++last, fresh: false })));
	const plain = (list: Stage[]) => JSON.stringify(list.map(({ name, en, de, zone }) => ({ name, en, de, zone })));
	const changed = plain(rows) !== plain(now);
	const save = async (anyway: boolean) => {
		const stages = rows.map(({ name, en, de, zone }) => ({ name, zone, ...(en.trim() ? { en } : {}), ...(de.trim() ? { de } : {}) }));
		if (!(await doc.save('PUT', anyway ? { stages, anyway } : { stages })))
			return;
		sessionBegin(await get<Session>('/api/v1/session'));
		toast(t('set.saved'));
	};
	const add = () => setRows([...rows, { id: ++last, fresh: true, name: '', en: '', de: '', zone: rows[rows.length - 1]?.zone ?? 'mofu' }]);
	const left = doc.problem?.status === 409;
	return (
		<form class="stack-wide" onSubmit={(e) => { e.preventDefault(); void save(false); }}>
			<p class="grey form">{t('office.lineHelp')}</p>
			<ErrorLine problem={doc.problem} action={left ? <Button kind="danger" onClick={() => void save(true)}>{t('office.anyway')}</Button>
				: doc.problem?.status === 412 && <Button onClick={doc.reload}>{t('office.again')}</Button>} />
			<div class="stack">
				{rows.map((row, i) => (
					<One key={row.id} row={row} i={i} n={rows.length} set={(r) => setRows(rows.map((x) => (x.id === r.id ? r : x)))}
						move={(by) => setRows(swapped(rows, i, by))} drop={() => setRows(rows.filter((x) => x.id !== row.id))} />
				))}
			</div>
			<div class="line">
				<Button disabled={rows.length >= stages_max} onClick={add}>{t('office.addStage')}</Button>
				<Button submit kind="main" busy={doc.busy} disabled={!changed || rows.some((r) => !r.name.trim())}>{t('c.save')}</Button>
			</div>
		</form>
	);
}

export default function Stages() {
	const doc = useDocument<Line>('/api/v1/stages');
	return (
		<SettingsPage at="stages">
			{doc.data
				? <Edit key={doc.data.etag} doc={doc} now={doc.data.stages} />
				: <ErrorLine problem={doc.problem} action={<Button onClick={doc.reload}>{t('app.retry')}</Button>} />}
		</SettingsPage>
	);
}
