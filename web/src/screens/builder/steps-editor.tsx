/*
 * steps-editor.tsx - the steps, one below the other: picked, opened, moved, taken away.
 *
 * The text in the address is the truth; a step that says nothing yet lives here alone. The step's
 * number is the handle that moves it.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from '../../app/keys';
import { Button } from '../../components/button';
import { Checkbox } from '../../components/field';
import type { RuleFieldInfo } from '../../components/rule-field';
import { t } from '../../i18n/i18n';
import { number } from '../../lib/format';
import { stepName, type Names } from './names';
import { useReorder } from './reorder';
import { StepForm } from './step-form';
import { isComplete, stepNew, stepsRead, stepsText, type Step } from '../../lib/steps';

export const steps_max = 32;

export interface StepsEditorProps {
	text: string;
	names: Names;
	fields: RuleFieldInfo[];
	/* In this order some steps may keep their place. */
	anchored: boolean;
	onText: (text: string) => void;
}

function useSteps({ text, onText }: Pick<StepsEditorProps, 'text' | 'onText'>): [Step[], (s: Step[]) => void] {
	const [steps, setSteps] = useState<Step[]>(() => stepsRead(text));
	const said = useRef(text);
	useEffect(() => {
		if (text === said.current)
			return;
		said.current = text;
		setSteps(stepsRead(text));
	}, [text]);
	const put = (next: Step[]) => {
		setSteps(next);
		const now = stepsText(next);
		if (now === said.current)
			return;
		said.current = now;
		onText(now);
	};
	return [steps, put];
}

export function StepsEditor(p: StepsEditorProps) {
	const [steps, put] = useSteps(p);
	const [open, setOpen] = useState<number | null>(null);
	const [told, setTold] = useState('');
	const list = useRef<HTMLOListElement>(null);
	const focus = useRef<number | null>(null);
	const move = (from: number, to: number) => {
		const next = [...steps];
		const [one] = next.splice(from, 1);
		if (!one)
			return;
		next.splice(to, 0, one);
		focus.current = to;
		put(next);
		setTold(t('build.moved', { step: stepName(one) || t('build.empty'), n: to + 1, of: next.length }));
	};
	const order = useReorder(list, steps.length, move);
	useEffect(() => {
		if (focus.current === null)
			return;
		list.current?.querySelectorAll<HTMLElement>('.step-number')[focus.current]?.focus();
		focus.current = null;
	}, [steps]);
	const change = (x: Step) => put(steps.map((y) => (y.id === x.id ? x : y)));
	const add = () => {
		const one = stepNew();
		put([...steps, one]);
		setOpen(one.id);
	};
	useKeys([{ keys: 'a', help: 'build.addStep', run: add }], steps.length < steps_max);
	const close = (s: Step) => {
		setOpen(null);
		if (!isComplete(s))
			put(steps.filter((x) => x.id !== s.id));
	};
	const count = (s: Step) => s.kind === 'touch' && !s.where.trim()
		? s.names.reduce((n, name) => n + (p.names.touches.find((x) => x.name === name)?.count ?? 0), 0) : null;
	return (
		<section class="steps-editor" aria-label={t('build.steps')}>
			<h2>{t('build.steps')}</h2>
			<ol ref={list}>
				{steps.map((s, i) => {
					const name = stepName(s) || t('build.empty');
					const touches = count(s);
					return (
						<li key={s.id} data-moving={order.moving === i} data-open={open === s.id}>
							<div class="step-row">
								<button type="button" class="step-number" aria-label={t('build.move', { n: i + 1, step: name })} {...order.handle(i)}>{i + 1}</button>
								<button type="button" class="step-name" aria-expanded={open === s.id} onClick={() => (open === s.id ? close(s) : setOpen(s.id))}>{name}</button>
								{touches !== null && <span class="grey small" title={t('build.touches', { n: touches })}>{number(touches)}</span>}
							</div>
							{open === s.id && (
								<StepForm step={s} names={p.names} fields={p.fields} onStep={change}
									onDone={() => close(s)} onRemove={() => { setOpen(null); put(steps.filter((x) => x.id !== s.id)); }}>
									<div>
										<Checkbox label={t('build.first')} help={t('build.firstHelp')} checked={s.first} onValue={(first) => change({ ...s, first })} />
										{i > 0 && <Checkbox label={t('build.optional')} help={t('build.optionalHelp')} checked={s.optional} onValue={(optional) => change({ ...s, optional })} />}
										{p.anchored && <Checkbox label={t('build.anchor')} help={t('build.anchorHelp')} checked={s.anchor} onValue={(anchor) => change({ ...s, anchor })} />}
									</div>
								</StepForm>
							)}
						</li>
					);
				})}
			</ol>
			<span class="hidden" role="status">{told}</span>
			{steps.length < steps_max ? <Button onClick={add}>{t('build.addStep')}</Button> : <p class="small grey">{t('build.stepsMax', { n: steps_max })}</p>}
		</section>
	);
}
