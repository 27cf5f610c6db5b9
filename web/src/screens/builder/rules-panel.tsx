/*
 * rules-panel.tsx - by which rules it counts: every parameter with what it means, folded away until
 * somebody wants to know; those that were changed are named outside.
 */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { Combo } from '../../components/combo';
import { Field, Select } from '../../components/field';
import type { RuleFieldInfo } from '../../components/rule-field';
import { Chip } from '../../components/small';
import { t, tOr, type Key } from '../../i18n/i18n';
import { Excludes } from './excludes';
import type { Names } from './names';
import { parameters, type Parameter } from './parameters';
import type { Question } from './question';

interface OneProps {
	p: Parameter;
	value: string;
	put: (v: string) => void;
	names: Names;
	fields: RuleFieldInfo[];
	/* What stands there when nothing is given: the standard, or as a profile says. */
	profile: string;
	steps_n: number;
	error: string | null;
}
const grace_ms = '2000';

function option(p: Parameter, o: string): string {
	return tOr(`build.p.${p.name}.${o}`, o);
}
/* The default stands for nothing given; under a profile it has to be said. */
function choices(p: Parameter, options: readonly string[], profile: string) {
	const all = options.map((o) => ({ value: o, text: option(p, o) }));
	if (profile && p.name !== 'profile')
		return [{ value: '', text: t('build.asProfile') }, ...all];
	return all.map((o, i) => (i === 0 ? { ...o, value: '' } : o));
}

function Ties({ p, value, put, profile, around }: { p: Parameter & { kind: 'ties' }; value: string; put: (v: string) => void; profile: string; around: { label: string; help: string; error: string | null } }) {
	const graced = value !== '' && !p.options.includes(value);
	return (
		<>
			<Select {...around} value={graced ? grace_ms : value} onValue={put} options={[...choices(p, p.options, profile), { value: grace_ms, text: t('build.p.ties.grace') }]} />
			{graced && <Field label={t('build.p.ties.ms')} type="number" min="1" value={value} onValue={(v) => v && put(v)} />}
		</>
	);
}
function Properties({ p, value, put, fields, around }: { p: Parameter & { kind: 'properties' }; value: string; put: (v: string) => void; fields: RuleFieldInfo[]; around: { label: string; help: string } }) {
	const held = value.split(',').map((x) => x.trim()).filter(Boolean);
	return (
		<div class="stack-small">
			{held.length < p.max ? <Combo {...around} free options={[{ value: 'session', text: t('build.session') }, ...fields.filter((f) => f.name !== 'name').map((f) => ({ value: f.name }))].filter((o) => !held.includes(o.value))}
				onPick={(v) => v && put([...held, v].join(','))} placeholder={t('build.touchPick')} /> : <p class="small grey">{around.label}</p>}
			{held.length > 0 && <p class="line">{held.map((h) => <Chip key={h} text={h === 'session' ? t('build.session') : h} onRemove={() => put(held.filter((x) => x !== h).join(','))} />)}</p>}
		</div>
	);
}

function One({ p, value, put, names, fields, profile, steps_n, error }: OneProps) {
	const around = { label: t(`build.p.${p.name}` as Key), help: t(`build.p.${p.name}.help` as Key), error };
	switch (p.kind) {
	case 'choice':
		return <Select {...around} value={value} onValue={put} options={choices(p, p.options, profile)} />;
	case 'ties':
		return <Ties p={p} value={value} put={put} profile={profile} around={around} />;
	case 'exclude':
		return <Excludes value={value} put={put} names={names} fields={fields} steps_n={steps_n} error={error} />;
	case 'properties':
		return <Properties p={p} value={value} put={put} fields={fields} around={around} />;
	case 'date':
		return <Field {...around} type="date" value={value} onValue={put} />;
	case 'text':
		return <Field {...around} value={value} onValue={put} placeholder={tOr(`build.p.${p.name}.none`, '')} />;
	}
}

function valueText(p: Parameter, value: string): string {
	return p.kind === 'choice' || p.kind === 'ties' ? option(p, value) : value;
}

export interface RulesPanelProps {
	question: Question;
	names: Names;
	fields: RuleFieldInfo[];
	steps_n: number;
	/* What the server refused. */
	wrong: { field: string; text: string } | null;
}
export function RulesPanel({ question, names, fields, steps_n, wrong }: RulesPanelProps) {
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
					{parameters.map((p) => (
						<One key={p.name} p={p} names={names} fields={fields} steps_n={steps_n} profile={question.q.get('profile') ?? ''} error={wrong?.field === p.name ? wrong.text : null}
							value={question.q.get(p.name) ?? ''} put={(v) => question.set({ [p.name]: v }, { replace: true })} />
					))}
					{changed.length > 0 && <Button kind="quiet" onClick={standard}>{t('funnel.standard')}</Button>}
				</div>
			)}
		</section>
	);
}
