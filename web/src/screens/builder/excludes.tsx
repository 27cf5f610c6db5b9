/*
 * excludes.tsx - what must not lie between two steps: touches or rules, each with its span.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { Select } from '../../components/field';
import type { RuleFieldInfo } from '../../components/rule-field';
import { t } from '../../i18n/i18n';
import { exclusionsRead, exclusionsText, isComplete, stepNew, type Exclusion } from '../../lib/steps';
import { stepName, type Names } from './names';
import { StepForm } from './step-form';

const excludes_max = 16;

function Span({ x, steps_n, onSpan }: { x: Exclusion; steps_n: number; onSpan: (s: Exclusion['span']) => void }) {
	const pairs: [number, number][] = [];
	for (let from = 1; from < steps_n; from++)
		for (let to = from + 1; to <= steps_n; to++)
			if (from > 1 || to < steps_n)
				pairs.push([from, to]);
	return (
		<Select label={t('build.between')} value={x.span ? x.span.join('-') : ''} onValue={(v) => onSpan(v ? (v.split('-').map(Number) as [number, number]) : null)} options={[
			{ value: '', text: t('build.between.all') },
			...pairs.map(([a, b]) => ({ value: `${a}-${b}`, text: t('build.between.span', { from: a, to: b }) })),
		]} />
	);
}

export interface ExcludesProps {
	value: string;
	put: (v: string) => void;
	names: Names;
	fields: RuleFieldInfo[];
	steps_n: number;
	error: string | null;
}
export function Excludes({ value, put, names, fields, steps_n, error }: ExcludesProps) {
	const [list, setList] = useState<Exclusion[]>(() => exclusionsRead(value));
	const [open, setOpen] = useState<number | null>(null);
	const said = useRef(value);
	useEffect(() => {
		if (value === said.current)
			return;
		said.current = value;
		setList(exclusionsRead(value));
	}, [value]);
	const become = (next: Exclusion[]) => {
		setList(next);
		said.current = exclusionsText(next);
		if (said.current !== value)
			put(said.current);
	};
	const change = (id: number, patch: Partial<Exclusion>) => become(list.map((x) => (x.what.id === id ? { ...x, ...patch } : x)));
	const add = () => {
		const one: Exclusion = { what: stepNew(), span: null };
		setList([...list, one]);
		setOpen(one.what.id);
	};
	const close = (x: Exclusion) => {
		setOpen(null);
		if (!isComplete(x.what))
			become(list.filter((y) => y !== x));
	};
	return (
		<div class="field">
			<p class="small grey label">{t('build.p.exclude')}</p>
			<ul class="excludes">
				{list.map((x) => (
					<li key={x.what.id}>
						<button type="button" class="step-name" aria-expanded={open === x.what.id} onClick={() => (open === x.what.id ? close(x) : setOpen(x.what.id))}>
							{stepName(x.what) || t('build.empty')}{x.span && <span class="grey"> · {t('build.between.span', { from: x.span[0], to: x.span[1] })}</span>}
						</button>
						{open === x.what.id && (
							<StepForm step={x.what} names={names} fields={fields} onStep={(what) => change(x.what.id, { what })} onDone={() => close(x)}
								onRemove={() => { setOpen(null); become(list.filter((y) => y !== x)); }}>
								{steps_n > 2 && <Span x={x} steps_n={steps_n} onSpan={(span) => change(x.what.id, { span })} />}
							</StepForm>
						)}
					</li>
				))}
			</ul>
			{list.length < excludes_max && <Button kind="quiet" onClick={add}>{t('build.excludeAdd')}</Button>}
			<p class={`small ${error ? 'red' : 'grey'}`} role={error ? 'alert' : undefined}>{error ?? t('build.p.exclude.help')}</p>
		</div>
	);
}
