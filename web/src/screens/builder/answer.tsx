/*
 * answer.tsx - what comes of the question: the sentence, the bars, the rules in force, and what
 * lies behind them, in parts.
 *
 * The server is asked a moment after the last change; what is there stays until the next answer is.
 * A question that takes long says so, and can be given up.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { hrefWith, useQuery } from '../../app/router';
import { Button } from '../../components/button';
import { Combo } from '../../components/combo';
import { ErrorLine } from '../../components/error';
import { Select } from '../../components/field';
import { PeriodOf } from '../../components/period';
import { RuleField, useFields, type RuleEntity, type RuleFieldInfo } from '../../components/rule-field';
import { Progress, Tabs } from '../../components/small';
import { language, t } from '../../i18n/i18n';
import { get, type Query } from '../../lib/api';
import { useResource, type Resource } from '../../lib/resource';
import { funnelQuery, stageName, type Funnel, type Rules } from '../funnel/api';
import { BehindNumber } from '../funnel/behind';
import { Later } from '../funnel/later';
import { Multiples } from '../funnel/multiples';
import { Legend, Picture } from '../funnel/picture';
import { Before } from './before';
import { Goes } from './goes';
import { useBreakdowns } from './names';
import { One } from './one';
import { useLater, type Question } from './question';
import { Times } from './times';
import { Versus } from './versus';

const wait_ms = 300;
const long_ms = 800;
const entities: Record<string, RuleEntity> = { companies: 'company', deals: 'deal' };

function Controls({ question, entity, fields, rows }: { question: Question; entity: RuleEntity; fields: RuleFieldInfo[]; rows: Funnel['steps'] }) {
	const { q, set } = question;
	const breakdowns = useBreakdowns(entity, fields);
	const own = useFields(entity);
	const [where, setWhere] = useState(q.get('where') ?? '');
	useEffect(() => setWhere(q.get('where') ?? ''), [q.get('where')]);
	const by = (q.get('by') ?? '').split(',').map((b) => b.trim()).filter(Boolean);
	const none = { value: '', text: t('funnel.breakdown.none') };
	const put = (i: number, v: string) => {
		const next = [...by];
		next[i] = v;
		const kept = [...new Set(next.filter(Boolean))].slice(0, 2);
		const of = breakdowns.find((b) => b.value === kept[0])?.of ?? null;
		set({ by: kept.join(','), of: kept.length ? (i === 0 ? of : q.get('of')) : null, group: null, no_group: null, step: null, show: null });
	};
	const of = q.get('of') ?? '';
	return (
		<div class="controls builder-controls">
			<PeriodOf q={q} set={set} />
			{(q.get('period') || (q.get('from') && q.get('to'))) && (
				<Select label={t('funnel.compare')} value={q.get('compare') ?? ''} onValue={(v) => set({ compare: v })} options={[
					{ value: '', text: t('funnel.compare.previous') }, { value: 'none', text: t('funnel.compare.none') },
				]} />
			)}
			<Combo label={t('funnel.breakdown')} options={[none, ...breakdowns]} value={by[0] ?? ''} free onPick={(v) => put(0, v)} placeholder={t('funnel.breakdown.none')} />
			{by.length > 0 && <Combo label={t('build.byToo')} options={[none, ...breakdowns.filter((b) => b.value !== by[0])]} value={by[1] ?? ''} free onPick={(v) => put(1, v)} placeholder={t('funnel.breakdown.none')} />}
			{by.length > 0 && (
				<Select label={t('build.of')} value={of} onValue={(v) => set({ of: v })} options={[
					{ value: '', text: t('build.of.first') }, { value: 'last', text: t('build.of.last') },
					...rows.map((s) => ({ value: `step ${s.step}`, text: t('build.of.step', { n: s.step, step: stageName(s.name) }) })),
					{ value: 'all', text: t('build.of.all') }, { value: 'person', text: t(`build.of.${entity}`) },
				]} />
			)}
			<div class="builder-where">
				<RuleField label={t('funnel.rule.where')} entity={entity} fields={own} value={where} onValue={setWhere} placeholder={t('build.wherePlaceholder')}
					onGood={(rule) => rule !== (q.get('where') ?? '') && set({ where: rule }, { replace: true })} />
			</div>
		</div>
	);
}

/* Nobody: what may be the reason, and what to try. */
function Nobody({ f, question }: { f: Funnel; question: Question }) {
	const first = f.steps[0];
	const dated = question.q.get('period') || question.q.get('from') || question.q.get('to');
	return (
		<>
			<p class="builder-sentence">{t('funnel.emptyPeriod')}</p>
			{first && <p class="grey">{t('build.nobody', { step: stageName(first.name) })}</p>}
			{dated && <Button onClick={() => question.set({ period: null, from: null, to: null })}>{t('build.allTime')}</Button>}
		</>
	);
}

/* While the server counts: nothing at first, then how far it is, and a way out: who waits no longer
 * ends the counting. */
interface HowFar {
	counting: boolean;
	touches_done: number;
	touches: number;
}
function Counting({ funnel, asked }: { funnel: Resource<Funnel>; asked: Query }) {
	const [far, setFar] = useState<HowFar | null>(null);
	useEffect(() => {
		if (!funnel.loading)
			return undefined;
		const mine = new AbortController();
		const ask = () => get<HowFar>('/api/v1/funnel/progress', asked, mine.signal).then(setFar, () => {});
		const timer = setInterval(() => void ask(), long_ms);
		return () => {
			clearInterval(timer);
			mine.abort();
			setFar(null);
		};
	}, [funnel.loading, asked]);
	if (!far || !funnel.loading)
		return null;
	const known = far.counting && far.touches > 0;
	return (
		<div class="counting line">
			<Progress done={far.touches_done} total={known ? far.touches : null} label={known ? t('build.countingOf', { done: far.touches_done, all: far.touches }) : t('build.counting')} />
			<Button kind="quiet" onClick={funnel.stop}>{t('c.cancel')}</Button>
		</div>
	);
}

const parts = ['trend', 'times', 'goes', 'versus', 'one'] as const;
function Parts({ f, question, entity }: { f: Funnel; question: Question; entity: RuleEntity }) {
	const [address] = useQuery();
	const at = parts.find((p) => p === address.get('part')) ?? 'trend';
	const asked = funnelQuery(question.q);
	return (
		<section class="stack">
			<Tabs label={t('build.parts')} at={at} items={parts.map((p) => ({ key: p, text: t(`build.part.${p}`), href: hrefWith({ part: p === 'trend' ? null : p, step: null, show: null }) }))} />
			{at === 'trend' && <Later f={f} asked={asked} question={question.q} />}
			{at === 'times' && <Times f={f} />}
			{at === 'goes' && <Goes f={f} asked={asked} />}
			{at === 'versus' && <Versus asked={asked} question={question} entity={entity} />}
			{at === 'one' && <One f={f} asked={asked} entity={entity} />}
		</section>
	);
}

export interface AnswerProps {
	question: Question;
	fields: RuleFieldInfo[];
	count: Rules['count'];
	/* A parameter that the server refused, to be shown where it is set. */
	onWrong: (wrong: { field: string; text: string } | null) => void;
}
export function Answer({ question, fields, count, onWrong }: AnswerProps) {
	const [address] = useQuery();
	const entity = entities[count] ?? 'person';
	const late = useLater(question.q.toString(), wait_ms);
	const asked = useMemo(() => funnelQuery(new URLSearchParams(late)), [late]);
	const funnel = useResource<Funnel>('/api/v1/funnel', asked, { live: true });
	const f = funnel.data;
	const error = funnel.error;
	useEffect(() => onWrong(error?.field ? { field: error.field, text: error.message } : null), [error]);
	const empty = f?.steps.every((s) => s.count === 0);
	return (
		<div class="builder-result" aria-busy={funnel.loading}>
			<Controls question={question} entity={entity} fields={fields} rows={f?.steps ?? []} />
			<ErrorLine problem={error} action={<Button onClick={funnel.reload}>{t('app.retry')}</Button>} />
			<Counting funnel={funnel} asked={asked} />
			{f && (
				<>
					{empty ? <Nobody f={f} question={question} /> : <p class="builder-sentence">{f.sentence.text[language.get()]}</p>}
					<Before f={f} />
					{f.rules.breakdown ? <Multiples f={f} /> : <Picture f={f} drops />}
					<div class="rules">
						{!f.rules.breakdown && <Legend f={f} />}
						<p class="grey small">{f.rules_text[language.get()]}</p>
					</div>
					{!empty && <Parts f={f} question={question} entity={entity} />}
				</>
			)}
			{f && address.get('step') && <BehindNumber count={count} asked={asked} />}
		</div>
	);
}
