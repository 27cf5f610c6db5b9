/*
 * step-form.tsx - one step: which touches, which stage, or which rule.
 */
import type { ComponentChildren } from 'preact';
import { workspace } from '../../app/session';
import { Button } from '../../components/button';
import { Combo } from '../../components/combo';
import { Select } from '../../components/field';
import { RuleField, type RuleFieldInfo } from '../../components/rule-field';
import { Chip } from '../../components/small';
import { t } from '../../i18n/i18n';
import { stageName } from '../funnel/api';
import { touchOptions, type Names } from './names';
import type { Kind, Step } from '../../lib/steps';

const kinds: Kind[] = ['touch', 'stage', 'deal', 'rule', 'any'];

export interface StepFormProps {
	step: Step;
	names: Names;
	fields: RuleFieldInfo[];
	onStep: (s: Step) => void;
	onDone: () => void;
	onRemove: () => void;
	/* Further choices about it. */
	children?: ComponentChildren;
}

function Touches({ step, names, onStep }: Pick<StepFormProps, 'step' | 'names' | 'onStep'>) {
	const put = (list: string[]) => onStep({ ...step, names: list });
	return (
		<>
			<Combo label={step.names.length ? t('build.orTouch') : t('build.touch')} options={touchOptions(names).filter((o) => !step.names.includes(o.value))}
				free placeholder={t('build.touchPick')} autofocus={step.names.length === 0} onPick={(v) => v && !step.names.includes(v) && put([...step.names, v])} />
			{step.names.length > 0 && (
				<p class="line">
					{step.names.map((n) => <Chip key={n} text={n} onRemove={() => put(step.names.filter((x) => x !== n))} />)}
				</p>
			)}
		</>
	);
}

export function StepForm({ step, names, fields, onStep, onDone, onRemove, children }: StepFormProps) {
	const become = (kind: Kind) => onStep({ ...step, kind, names: [], where: kind === 'rule' || kind === 'touch' ? step.where : '' });
	const stages = (workspace()?.stages ?? []).filter((s) => s !== 'visitor');
	const pick = (v: string) => onStep({ ...step, names: v ? [v] : [] });
	const choose = { value: '', text: t('build.choose') };
	return (
		<div class="step-form stack">
			<Select label={t('build.kind')} value={step.kind} onValue={(v) => become(v as Kind)} options={kinds.map((k) => ({ value: k, text: t(`build.kind.${k}`) }))} />
			{step.kind === 'touch' && <Touches step={step} names={names} onStep={onStep} />}
			{step.kind === 'stage' && <Select label={t('funnel.stage')} value={step.names[0] ?? ''} onValue={pick} options={[choose, ...stages.map((s) => ({ value: s, text: stageName(`stage:${s}`) }))]} />}
			{step.kind === 'deal' && <Select label={t('build.dealStage')} value={step.names[0] ?? ''} onValue={pick} options={[choose, ...names.deal_stages.map((s) => ({ value: s, text: s }))]} />}
			{step.kind === 'any' && <p class="small grey">{t('build.anyWhat')}</p>}
			{(step.kind === 'rule' || (step.kind === 'touch' && step.names.length > 0)) && (
				<RuleField label={t(step.kind === 'rule' ? 'build.rule' : 'build.onlyWhere')} entity="touch" fields={fields} value={step.where}
					onValue={(where) => onStep({ ...step, where })} onSubmit={onDone} placeholder={'path ~ "/pricing*"'} />
			)}
			{children}
			<div class="line">
				<Button onClick={onDone}>{t('build.done')}</Button>
				<Button kind="quiet" onClick={onRemove}>{t('build.removeStep')}</Button>
			</div>
		</div>
	);
}
