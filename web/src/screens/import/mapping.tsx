/*
 * Mapping: what each column of the file is taken for, changed by hand where that is wrong; then a
 * rehearsal, and the import.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Select } from '../../components/field';
import { t, type Key } from '../../i18n/i18n';
import { del, Problem } from '../../lib/api';
import { fieldsOf, follow, job_ended, kinds, preview, start, type Job, type Kind, type Preview } from './api';
import { Columns } from './columns';
import { JobView } from './job';
import { choiceOf, nothing_chosen, orderOf, type Chosen } from './map';
import { MapFile, More, Stages } from './options';

const as_problem = (e: unknown) => (e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));

/* The preview for what is chosen now; an older one stays visible until the newer is there. */
function usePreview(file: string, chosen: Chosen) {
	const [seen, setSeen] = useState<Preview | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const order = useMemo(() => JSON.stringify(orderOf(chosen, null)), [chosen]);
	useEffect(() => {
		const mine = new AbortController();
		const timer = setTimeout(() => {
			preview(file, JSON.parse(order), mine.signal).then(
				(p) => { setSeen(p); setProblem(null); },
				(e: unknown) => { if (!mine.signal.aborted) setProblem(as_problem(e)); },
			);
		}, 200);
		return () => { clearTimeout(timer); mine.abort(); };
	}, [file, order]);
	return { seen, problem };
}

export function Mapping({ file, onLeave }: { file: string; onLeave: () => void }) {
	const [chosen, setChosen] = useState<Chosen>(nothing_chosen);
	const [job, setJob] = useState<Job | null>(null);
	const [failed, setFailed] = useState<Problem | null>(null);
	const [fields, setFields] = useState<{ name: string; type: string }[]>([]);
	const { seen, problem } = usePreview(file, chosen);
	// What the file is recognised as, before anything was chosen: the columns' own meaning.
	const first = useRef<Preview | null>(null);
	if (seen && !chosen.map_text && Object.keys(chosen.columns).length === 0)
		first.current = seen;
	const kind = chosen.kind ?? seen?.kind ?? null;
	const set = useCallback((change: Partial<Chosen>) => { setChosen((c) => ({ ...c, ...change })); setJob(null); }, []);
	useEffect(() => {
		if (kind)
			void fieldsOf(kind).then(setFields, () => setFields([]));
	}, [kind]);

	const run = async (dry_run: boolean) => {
		setFailed(null);
		try {
			await follow(await start(file, { ...orderOf(chosen, kind), dry_run }), setJob);
		} catch (e) {
			setFailed(as_problem(e));
		}
	};
	const leave = () => {
		void del(`/api/v1/imports/files/${file}`).catch(() => undefined); // swept after a day in any case
		onLeave();
	};

	if (!seen)
		return problem ? <ErrorLine problem={problem} action={<Button onClick={onLeave}>{t('import.another')}</Button>} /> : <p class="grey">{t('import.reading')}</p>;
	const has_ids = seen.columns.some((c) => choiceOf(c, chosen).use === 'field' && choiceOf(c, chosen).key.endsWith('external_id'));
	const running = job !== null && !job_ended(job);
	const imported = job?.what === 'import' && job.state === 'done';
	if (imported)
		return <JobView job={job} action={<Button kind="main" onClick={onLeave}>{t('import.another')}</Button>} />;
	const wrong = problem?.message ?? (kind || chosen.map_text ? seen.problem : null);
	return (
		<section class="stack" aria-label={seen.name}>
			<div class="line import-head">
				<h2>{seen.name}</h2>
				<Button kind="quiet" onClick={leave} disabled={running}>{t('import.drop_it')}</Button>
			</div>
			{!seen.segment && (
				<div class="controls">
					<Select label={t('import.kind')} value={kind ?? ''} error={kind || chosen.map_text ? null : t('import.kindUnknown')}
						options={[...(kind ? [] : [{ value: '', text: t('import.kindChoose') }]), ...kinds.map((k) => ({ value: k, text: t(`import.kind.${k}` as Key) }))]}
						onValue={(v) => set({ kind: v as Kind, columns: {}, stages: [], map_text: '' })} disabled={running || chosen.map_text !== ''} />
					<More chosen={chosen} set={set} rows={kind !== 'events' && kind !== 'spend'} ids={has_ids} disabled={running} />
					<MapFile chosen={chosen} set={set} disabled={running} />
				</div>
			)}
			{seen.segment && <p>{t('import.segment')}</p>}
			{!seen.segment && <Columns columns={(chosen.map_text ? seen : (first.current ?? seen)).columns} chosen={chosen} fields={fields} set={set} disabled={running || chosen.map_text !== ''} />}
			{kind === 'people' && !chosen.map_text && <Stages columns={seen.columns} chosen={chosen} set={set} disabled={running} />}
			{seen.touches.length > 0 && <p class="grey small">{t('import.rowIs', { touches: seen.touches.filter(Boolean).join(', ') })}</p>}
			<ErrorLine problem={failed} text={failed ? undefined : (wrong ?? undefined)} />
			{job && <JobView job={job} />}
			<div class="line">
				<Button onClick={() => void run(true)} busy={running && job?.what === 'dry_run'} disabled={running || wrong !== null || (!kind && !seen.segment && !chosen.map_text)}>{t('import.rehearse')}</Button>
				<Button kind="main" onClick={() => void run(false)} busy={running && job?.what === 'import'} disabled={running || wrong !== null || (!kind && !seen.segment && !chosen.map_text)}>{t('import.start')}</Button>
				{running && <Button kind="quiet" onClick={() => void del(`/api/v1/imports/jobs/${job.job}`)}>{t('import.stop')}</Button>}
			</div>
		</section>
	);
}
