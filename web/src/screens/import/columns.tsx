/*
 * Columns: one row a column of the file: its header, its first values, what it is taken for.
 */
import { Select, Field } from '../../components/field';
import { t, type Key } from '../../i18n/i18n';
import type { Column, Use } from './api';
import { choiceOf, traitName, type Choice, type Chosen } from './map';

interface Props {
	columns: Column[];
	chosen: Chosen;
	fields: { name: string; type: string }[];
	set: (change: Partial<Chosen>) => void;
	disabled: boolean;
}
const types = ['auto', 'text', 'number', 'money', 'time', 'date', 'yes_no', 'list'] as const;

/* One select says both: "trait", "ignore", or a field's name behind "field:". */
const valueOf = (c: Choice) => (c.use === 'field' ? `field:${c.key}` : c.use);
function choiceFrom(value: string, column: Column, now: Choice): Choice {
	if (value.startsWith('field:'))
		return { ...now, use: 'field', key: value.slice(6) };
	const use = value as Use;
	return { ...now, use, key: use === 'trait' ? traitName(column.header) : use === 'stage_date' ? column.key : '' };
}

function Row({ column, p }: { column: Column; p: Props }) {
	const c = choiceOf(column, p.chosen);
	const change = (to: Choice) => p.set({ columns: { ...p.chosen.columns, [column.header]: to } });
	const taken = new Set(p.columns.filter((o) => o !== column).map((o) => choiceOf(o, p.chosen)).filter((o) => o.use === 'field').map((o) => o.key));
	const options = [
		{ value: 'trait', text: t('import.use.trait') },
		{ value: 'ignore', text: t('import.use.ignore') },
		...(column.use === 'stage_date' ? [{ value: 'stage_date', text: t('import.use.stage', { stage: column.key }) }] : []),
		...p.fields.map((f) => ({ value: `field:${f.name}`, text: f.name, disabled: taken.has(f.name) })),
		...(c.use === 'field' && !p.fields.some((f) => f.name === c.key) ? [{ value: `field:${c.key}`, text: c.key }] : []),
	];
	const dated = c.type === 'date' || c.type === 'time' || c.date_format !== '';
	const label = { header: column.header };
	return (
		<tr data-use={c.use}>
			<th scope="row">{column.header || t('import.noHeader')}</th>
			<td class="grey samples">{column.samples.filter(Boolean).slice(0, 3).join(' · ') || t('import.noValues')}</td>
			<td><Select quiet label={t('import.useOf', label)} value={valueOf(c)} options={options} disabled={p.disabled} onValue={(v) => change(choiceFrom(v, column, c))} /></td>
			<td>
				{c.use === 'trait' && <Select quiet label={t('import.typeOf', label)} value={c.type} disabled={p.disabled}
					options={types.map((x) => ({ value: x, text: t(`import.type.${x}` as Key) }))} onValue={(type) => change({ ...c, type })} />}
			</td>
			<td>
				{dated && c.use !== 'ignore' && <Field quiet label={t('import.formatOf', label)} value={c.date_format} placeholder="%d-%m-%Y" disabled={p.disabled}
					error={column.ambiguous && !c.date_format && !p.chosen.date_format ? t('import.ambiguous') : null} onValue={(date_format) => change({ ...c, date_format })} />}
			</td>
		</tr>
	);
}

export function Columns(p: Props) {
	return (
		<table class="columns">
			<caption class="hidden">{t('import.columns')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('import.column')}</th><th scope="col">{t('import.values')}</th><th scope="col">{t('import.takenFor')}</th>
					<th scope="col">{t('import.type')}</th><th scope="col">{t('import.dates')}</th>
				</tr>
			</thead>
			<tbody>{p.columns.map((c) => <Row key={c.header} column={c} p={p} />)}</tbody>
		</table>
	);
}
