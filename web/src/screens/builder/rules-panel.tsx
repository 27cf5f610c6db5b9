/*
 * rules-panel.tsx - by which rules it counts: every parameter with what it means, folded away until
 * somebody wants to know; those that were changed are named outside.
 */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { Field, Select } from '../../components/field';
import { RuleField, type RuleFieldInfo } from '../../components/rule-field';
import { t, tOr, type Key } from '../../i18n/i18n';
import { parameters, type Parameter } from './parameters';
import type { Question } from './question';

interface OneProps {
	p: Parameter;
	value: string;
	put: (v: string) => void;
	fields: RuleFieldInfo[];
	error: string | null;
}
function One({ p, value, put, fields, error }: OneProps) {
	const label = t(`build.p.${p.name}` as Key);
	const help = t(`build.p.${p.name}.help` as Key);
	switch (p.kind) {
	case 'choice':
		return <Select label={label} help={help} error={error} value={value} onValue={put} options={p.options.map((o, i) => ({ value: i === 0 ? '' : o, text: t(`build.p.${p.name}.${o}` as Key) }))} />;
	case 'rule':
		return (
			<div class="field">
				<RuleField label={label} entity="touch" fields={fields} value={value} onValue={put} placeholder={p.placeholder} />
				<p class={`small ${error ? 'red' : 'grey'}`}>{error ?? help}</p>
			</div>
		);
	case 'date':
		return <Field label={label} help={help} error={error} type="date" value={value} onValue={put} />;
	case 'text':
		return <Field label={label} help={help} error={error} value={value} onValue={put} placeholder={p.placeholder ?? tOr(`build.p.${p.name}.none`, '')} />;
	}
}

export interface RulesPanelProps {
	question: Question;
	fields: RuleFieldInfo[];
	/* What the server refused. */
	wrong: { field: string; text: string } | null;
}
export function RulesPanel({ question, fields, wrong }: RulesPanelProps) {
	const changed = parameters.filter((p) => question.q.get(p.name));
	const [open, setOpen] = useState(false);
	const standard = () => question.set(Object.fromEntries(parameters.map((p) => [p.name, null])));
	return (
		<section class="rules-panel" aria-label={t('build.rules')}>
			<button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
				<h2>{t('build.rules')}</h2>
				<span class="grey small">{changed.length ? t('build.rulesChanged', { n: changed.length }) : t('build.rulesStandard')}</span>
				<span aria-hidden="true" class="menu-mark">{open ? '▴' : '▾'}</span>
			</button>
			{!open && changed.length > 0 && <p class="small grey">{changed.map((p) => `${t(`build.p.${p.name}` as Key)}: ${valueText(p, question.q.get(p.name) ?? '')}`).join(' · ')}</p>}
			{open && (
				<div class="stack">
					{parameters.map((p) => <One key={p.name} p={p} fields={fields} error={wrong?.field === p.name ? wrong.text : null} value={question.q.get(p.name) ?? ''} put={(v) => question.set({ [p.name]: v }, { replace: true })} />)}
					{changed.length > 0 && <Button kind="quiet" onClick={standard}>{t('funnel.standard')}</Button>}
				</div>
			)}
		</section>
	);
}

function valueText(p: Parameter, value: string): string {
	return p.kind === 'choice' ? tOr(`build.p.${p.name}.${value}`, value) : value;
}
