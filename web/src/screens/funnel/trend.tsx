/*
 * trend.tsx - one stage over time, as people or as the rate from the stage before; periods that
 * are not over yet are dashed.
 */
import { useMemo } from 'preact/hooks';
import { useQuery } from '../../app/router';
import { Chart, type ChartColors } from '../../components/chart/chart';
import { Select } from '../../components/field';
import { t } from '../../i18n/i18n';
import { date, month, number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import type { Query } from '../../lib/api';
import { stageName, type Funnel, type TrendPoint } from './api';

type Unit = 'day' | 'week' | 'month';

function line(points: TrendPoint[], values: (number | null)[], unit: Unit, rate: boolean, side: string | null | undefined) {
	const name = (p: TrendPoint) => (unit === 'month' ? month(p.from) : date(p.from));
	const open_from = points.findIndex((p, i) => i > 0 && !p.complete && points.slice(i).every((x) => !x.complete));
	const done = values.map((v, i) => (open_from < 0 || i < open_from ? v : null));
	// The dashed line begins at the last point of the other one, without a mark of its own.
	const open = values.map((v, i) => (open_from < 0 || i < open_from - 1 ? null : i < open_from ? { value: v, symbol: 'none' } : v));
	return (c: ChartColors) => {
		const color = side === 'marketing' || !side ? c.marketing : c.sales;
		const common = { type: 'line', symbol: 'circle', symbolSize: 5, showSymbol: points.length < 40, lineStyle: { color, width: 2 }, itemStyle: { color } };
		const label = { color: c.grey, fontSize: 13, fontFamily: c.font };
		return {
			grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
			xAxis: { type: 'category', data: points.map(name), axisLine: { lineStyle: { color: c.lineStrong } }, axisTick: { show: false }, axisLabel: { ...label, hideOverlap: true } },
			yAxis: { type: 'value', min: 0, splitNumber: 3, splitLine: { lineStyle: { color: c.line } }, axisLabel: { ...label, formatter: (v: number) => (rate ? percent(v) : number(v)) } },
			series: [
				{ ...common, data: done },
				{ ...common, data: open, lineStyle: { color, width: 2, type: 'dashed' }, itemStyle: { color: c.bg, borderColor: color, borderWidth: 2 } },
			],
		};
	};
}

function unitOf(q: URLSearchParams): Unit {
	const asked = q.get('trend');
	if (asked === 'day' || asked === 'week' || asked === 'month')
		return asked;
	return q.get('period') === '30d' || q.get('period') === 'month' ? 'day' : q.get('period') === '90d' || q.get('period') === 'quarter' ? 'week' : 'month';
}

/* `question` has the period and the unit as the address names them, `asked` is what the server takes. */
export interface TrendProps {
	f: Funnel;
	asked: Query;
	question: URLSearchParams;
}
export default function Trend({ f, asked: all, question }: TrendProps) {
	const [q, set] = useQuery();
	const unit = unitOf(question);
	const at = Math.min(Math.max(1, Number(q.get('line') ?? f.sentence.first_step)), f.steps.length);
	const rate = q.get('as') === 'rate' && at > 1;
	const { by: _by, of: _of, compare: _compare, ...asked } = all;
	const answer = useResource<Funnel>('/api/v1/funnel', { ...asked, trend: unit }, { live: true });
	const points = answer.data?.trend ?? [];
	const values = points.map((p) => (rate ? p.steps[at - 1]?.from_previous : p.steps[at - 1]?.count) ?? null);
	const step = f.steps[at - 1];
	const option = useMemo(() => line(points, values, unit, rate, step?.side), [answer.data, unit, rate, at]);
	const name = step ? stageName(step.name) : '';
	const show = (v: number | null | undefined) => (rate ? percent(v) : number(v));
	return (
		<section class="trend">
			<div class="controls spread">
				<h2>{t('funnel.trend')}</h2>
				<div class="controls">
					<Select quiet label={t('funnel.stage')} value={String(at)} onValue={(v) => set({ line: v }, { replace: true })} options={f.steps.map((s) => ({ value: String(s.step), text: stageName(s.name) }))} />
					<Select quiet label={t('funnel.as')} value={rate ? 'rate' : ''} onValue={(v) => set({ as: v }, { replace: true })} options={[
						{ value: '', text: t(`funnel.counted.${f.rules.count}`) }, { value: 'rate', text: t('funnel.fromBefore'), disabled: at === 1 },
					]} />
					<Select quiet label={t('funnel.unit')} value={unit} onValue={(v) => set({ trend: v }, { replace: true })} options={(['day', 'week', 'month'] as const).map((u) => ({ value: u, text: t(`funnel.unit.${u}`) }))} />
				</div>
			</div>
			<Chart label={t('funnel.trendOf', { stage: name })} name="trend" height={220} option={option}
				axisTip={(i) => {
					const p = points[i];
					return p && <>{date(p.from)}<br /><strong>{show(values[i])}</strong> {name}{!p.complete && <span class="grey"> · {t('funnel.open')}</span>}</>;
				}}
				table={{
					head: [t('funnel.period'), ...f.steps.map((s) => stageName(s.name))],
					rows: points.map((p) => [date(p.from), ...p.steps.map((s) => s.count)]),
				}} />
		</section>
	);
}
