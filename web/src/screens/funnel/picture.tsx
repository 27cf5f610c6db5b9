/*
 * picture.tsx - the stages as rows with bars, brackets for the two departments, exits in between.
 *
 * It is a table, and reads as one: the brackets are row groups, zones too. On a phone a row keeps
 * name, people, rate and bar; a tap unfolds the rest.
 */
import { Fragment, type ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { hrefWith } from '../../app/router';
import { Count, Money } from '../../components/small';
import { t } from '../../i18n/i18n';
import { duration, number, percent } from '../../lib/format';
import { phone, useMedia } from '../../lib/media';
import { baseOf, stageName, type Exit, type Funnel, type Outcome, type Step } from './api';
import { Bar } from './bar';
import { baseCount, scaleOf, type Scale } from './scale';

/* The address with the drawer open on the people behind a number. */
export function behind(step: number, show: Outcome, more: { reason?: string | null; group?: string | null } = {}): string {
	const group = 'group' in more ? { group: more.group, no_group: more.group === null ? 1 : null } : { group: null, no_group: null };
	return hrefWith({ step, show, reason: more.reason ?? null, ...group, rules: null });
}

/* How many went no further. */
function dropped(steps: Step[], step: Step): number {
	const next = steps[step.step];
	return next ? Math.max(0, step.count - next.count) : 0;
}
function Exits({ step, lost }: { step: Step; lost: number }) {
	const words = (e: Exit) => {
		const most = e.reasons.find((r) => r.reason);
		const share = most && e.count > 0 ? t('funnel.exitReason', { reason: most.reason ?? '', share: percent(most.count / e.count) }) : '';
		return { count: t(`funnel.exit.${e.kind}`, { n: e.count }), most, share };
	};
	return (
		<>
			{lost > 0 && <span class="exit"><a href={behind(step.step, 'dropped')}>−{t('funnel.noFurther', { n: lost })}</a></span>}
			{(step.exits ?? []).map((e) => {
				const w = words(e);
				return (
					<span class="exit" key={e.kind}>
						<a href={behind(step.step, `exit:${e.kind}`)}>−{w.count}</a>
						{w.most && <>, <a href={behind(step.step, `exit:${e.kind}`, { reason: w.most.reason })}>{w.share}</a></>}
					</span>
				);
			})}
		</>
	);
}

/* How many rows of the table (steps and exits between them) the steps from `a` before `b` take. */
function span(steps: Step[], a: number, b: number, lost: (s: Step) => number): number {
	return steps.slice(a, b).reduce((n, s) => n + 1 + (s.exits?.length || lost(s) > 0 ? 1 : 0), 0);
}
/* Runs of steps alike in something: [first, after the last]. */
function runs(steps: Step[], of: (s: Step) => string | null | undefined): Map<number, { to: number; what: string }> {
	const out = new Map<number, { to: number; what: string }>();
	for (let i = 0; i < steps.length;) {
		const what = of(steps[i] as Step) ?? '';
		let to = i + 1;
		while (to < steps.length && (of(steps[to] as Step) ?? '') === what)
			to++;
		out.set(i, { to, what });
		i = to;
	}
	return out;
}

function Brackets({ steps, at, lost }: { steps: Step[]; at: number; lost: (s: Step) => number }) {
	const sides = runs(steps, (s) => s.side);
	const run = sides.get(at);
	const sales_from = steps.findIndex((s) => s.side === 'both' || s.side === 'sales');
	return (
		<>
			{at === 0 && (
				<th scope="rowgroup" class="bracket" rowSpan={span(steps, 0, steps.length, lost)}>
					<div data-side="marketing"><span>{t('funnel.marketing')}</span></div>
				</th>
			)}
			{run && run.what === 'marketing' && <td class="bracket" rowSpan={span(steps, at, run.to, lost)} />}
			{run && run.what !== 'marketing' && (
				<th scope="rowgroup" class="bracket" rowSpan={span(steps, at, run.to, lost)}>
					<div data-side={run.what}>
						{/* a word stands taller than one row */}
						<span class={span(steps, at, run.to, lost) < 2 ? 'hidden' : undefined}>{run.what === 'both' ? '' : t('funnel.sales')}</span>
						{at === sales_from && run.what === 'both' && <span class="hidden">{t('funnel.handOff')}</span>}
					</div>
				</th>
			)}
		</>
	);
}

interface RowProps {
	f: Funnel;
	step: Step;
	scale: Scale;
	lead: Step | undefined;
	here: boolean;
	money: boolean;
	children: ComponentChildren;
}
function Row({ f, step, scale, lead, here, money, children }: RowProps) {
	const small = useMedia(phone);
	const [open, setOpen] = useState(false);
	const name = stageName(step.name);
	const before = f.steps[step.step - 2];
	const people = t(`funnel.counted.${f.rules.count}`);
	const from_lead = lead && lead.count > 0 && step.step >= lead.step ? step.count / lead.count : null;
	return (
		<tr class="step" data-side={step.side ?? undefined} data-open={open || undefined}>
			{children}
			<th scope="row" class="name">
				{small ? <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{name}<span aria-hidden="true" class="menu-mark">{open ? '▴' : '▾'}</span></button> : name}
			</th>
			<td class="room"><Bar step={f.steps.some((s) => s.previous) ? step : { ...step, previous: null }} scale={scale} /></td>
			<td class="number people" data-title={people}><Count n={step.count} href={behind(step.step, 'reached')} what={`${people}: ${name}`} /></td>
			<td class="number rate" data-title={t('funnel.fromBefore')}>
				{before && step.from_previous !== null ?
					<a class="count" data-strong="true" href={behind(before.step, 'dropped')} aria-label={`${percent(step.from_previous)}: ${t('funnel.whoDropped', { stage: stageName(before.name) })}`}>{percent(step.from_previous)}</a> :
					<span class="grey">{percent(null)}</span>}
			</td>
			<td class="number more grey" data-title={t('funnel.fromLead', { stage: lead ? stageName(lead.name) : '' })}>{percent(from_lead)}</td>
			<td class="number more grey" data-title={t('funnel.time')}>
				{step.median_seconds === null ? percent(null) : <>{duration(step.median_seconds)}<span class="p90"> · {duration(step.p90_seconds)}</span></>}
			</td>
			{here && (
				<td class="number more" data-title={t('funnel.hereNow')}>
					<Count n={step.here_now} href={behind(step.step, 'here')} what={`${t('funnel.hereNow')}: ${name}`} />
				</td>
			)}
			{money && (
				<td class="number more" data-title={step.money?.kind === 'value' ? t('funnel.value') : t('funnel.cost')}>
					{step.money ? <><span class="grey">{step.money.kind === 'value' ? t('funnel.valueShort') : t('funnel.costShort')} </span><Money amount={step.money} short={step.money.kind === 'value'} /></> : <span class="grey">{percent(null)}</span>}
				</td>
			)}
		</tr>
	);
}

/* `drops`: between the steps also stands how many went no further. */
export function Picture({ f, drops }: { f: Funnel; drops?: boolean }) {
	const steps = f.steps;
	const lead = baseOf(f);
	const sided = steps.every((s) => s.side);
	const counts = steps.map((s) => s.count);
	const scale = scaleOf(counts, sided ? (lead?.count ?? 0) : baseCount(counts));
	// columns that this funnel has nothing for are not there
	const here = steps.some((s) => typeof s.here_now === 'number');
	const money = steps.some((s) => s.money);
	const zones = runs(steps, (s) => s.zone);
	const lost = (s: Step) => (drops ? dropped(steps, s) : 0);
	return (
		<table class="funnel" data-sided={sided}>
			<caption class="hidden">{t('nav.funnel')}</caption>
			<thead>
				<tr>
					{sided && <><td /><td /><td /></>}
					<th scope="col" class="name">{t(sided ? 'funnel.stage' : 'funnel.step')}</th>
					<td />
					<th scope="col" class="number">{t(`funnel.counted.${f.rules.count}`)}</th>
					<th scope="col" class="number">{t('funnel.fromBefore')}</th>
					<th scope="col" class="number">{t('funnel.fromLead', { stage: lead ? stageName(lead.name) : '' })}</th>
					<th scope="col" class="number"><span class="tip" tabIndex={0} data-tip={t('funnel.timeLong')}>{t('funnel.time')}</span></th>
					{here && <th scope="col" class="number"><span class="tip" tabIndex={0} data-tip={t('funnel.hereLong')}>{t('funnel.hereNow')}</span></th>}
					{money && <th scope="col" class="number"><span class="tip" tabIndex={0} data-tip={t('funnel.moneyLong')}>{t('funnel.money')}</span></th>}
				</tr>
			</thead>
			<tbody>
					{steps.map((s, i) => {
						const zone = zones.get(i);
						return (
							<Fragment key={s.step}>
								<Row f={f} step={s} scale={scale} lead={lead} here={here} money={money}>
									{sided && <Brackets steps={steps} at={i} lost={lost} />}
									{sided && zone && <th scope="rowgroup" class="zone" rowSpan={span(steps, i, zone.to, lost)}>{t(`funnel.zone.${zone.what as 'tofu'}`)}</th>}
								</Row>
								{((s.exits?.length ?? 0) > 0 || lost(s) > 0) && <tr class="exits" data-side={s.side ?? undefined}><td colSpan={8}><Exits step={s} lost={lost(s)} /></td></tr>}
							</Fragment>
						);
					})}
			</tbody>
		</table>
	);
}

/* What the marks on the bars mean: only those that are there. */
export function Legend({ f }: { f: Funnel }) {
	const parts: string[] = [];
	if (f.steps.some((s) => s.previous))
		parts.push(t('funnel.legend.before'));
	if (f.steps.some((s) => (s.young ?? 0) > 0))
		parts.push(t('funnel.legend.young'));
	const skipped = f.steps.reduce((n, s) => n + (s.skipped ?? 0), 0);
	if (skipped > 0)
		parts.push(t('funnel.legend.skipped', { n: number(skipped) }));
	return parts.length ? <p class="small grey">{parts.join(' · ')}</p> : null;
}
