/*
 * Options beside the columns: dates of the whole file, what a known row does, stages that every
 * row entered, a map file that was written before.
 */
import { useId } from 'preact/hooks';
import { useSession } from '../../app/session';
import { Button } from '../../components/button';
import { Field, Select } from '../../components/field';
import { t, tOr } from '../../i18n/i18n';
import type { Column } from './api';
import type { Chosen, StageEntry } from './map';

interface Props {
	chosen: Chosen;
	set: (change: Partial<Chosen>) => void;
	disabled: boolean;
}

export function More({ chosen, set, rows, ids, disabled }: Props & { rows: boolean; ids: boolean }) {
	return (
		<>
			{!chosen.map_text && <Field label={t('import.dateFormat')} value={chosen.date_format} placeholder={t('import.recognised')} disabled={disabled} onValue={(date_format) => set({ date_format })} />}
			{ids && !chosen.map_text && <Field label={t('import.idSystem')} value={chosen.id_system} placeholder="hubspot" disabled={disabled} onValue={(id_system) => set({ id_system: id_system.trim() })} />}
			{rows && <Select label={t('import.duplicates')} value={chosen.duplicates} disabled={disabled}
				options={[{ value: 'update', text: t('import.dup.update') }, { value: 'fill', text: t('import.dup.fill') }, { value: 'skip', text: t('import.dup.skip') }]}
				onValue={(v) => set({ duplicates: v as Chosen['duplicates'] })} />}
		</>
	);
}

const map_bytes_max = 200_000;
export function MapFile({ chosen, set, disabled }: Props) {
	const id = useId();
	if (chosen.map_text)
		return <Button onClick={() => set({ map_text: '' })} disabled={disabled}>{t('import.noMap')}</Button>;
	return (
		<>
			<input id={id} class="hidden" type="file" accept=".yaml,.yml,.json" disabled={disabled}
				onChange={(e) => { const f = e.currentTarget.files?.[0]; e.currentTarget.value = ''; void f?.slice(0, map_bytes_max).text().then((map_text) => set({ map_text })); }} />
			<label class="button plain" for={id}>{t('import.useMap')}</label>
		</>
	);
}

export function Stages({ columns, chosen, set, disabled }: Props & { columns: Column[] }) {
	const line = useSession().workspace.stages;
	const change = (i: number, to: Partial<StageEntry>) => set({ stages: chosen.stages.map((s, k) => (k === i ? { ...s, ...to } : s)) });
	const dates = [{ value: '', text: t('import.atImport') }, ...columns.map((c) => ({ value: c.header, text: c.header }))];
	return (
		<fieldset class="stack">
			<legend>{t('import.stages')}</legend>
			<p class="grey small">{t('import.stagesHelp')}</p>
			{chosen.stages.map((s, i) => (
				<div key={i} class="controls">
					<Select label={t('import.stage')} value={s.stage} disabled={disabled} options={line.map((x) => ({ value: x, text: tOr(`stage.${x}`, x) }))} onValue={(stage) => change(i, { stage })} />
					<Select label={t('import.stageAt')} value={s.at} disabled={disabled} options={dates} onValue={(at) => change(i, { at })} />
					<Button kind="quiet" disabled={disabled} onClick={() => set({ stages: chosen.stages.filter((_, k) => k !== i) })}>{t('import.stageRemove')}</Button>
				</div>
			))}
			<div><Button disabled={disabled} onClick={() => set({ stages: [...chosen.stages, { stage: line[0] ?? 'lead', at: columns.find((c) => c.type === 'date' || c.type === 'time')?.header ?? '' }] })}>{t('import.stageAdd')}</Button></div>
		</fieldset>
	);
}
