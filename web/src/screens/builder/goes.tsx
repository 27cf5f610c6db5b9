/*
 * goes.tsx - what goes with coming through: touches and traits that those who came to the last step
 * have more or less often than those who did not.
 */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { t, tOr } from '../../i18n/i18n';
import type { Query } from '../../lib/api';
import { number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { type Correlation, type Funnel } from '../funnel/api';

/* What follows from coming through, or is somebody's own, says nothing about what goes with it. */
const never = /^(stage|stage_.*|.*_reason|consent\..*\.(ground|wording)|first_name|last_name|full_name|name|email|phone|mobile|user_id|anonymous_id|external_id|owner|deal|company)$/;
const shown_at_first = 15;
const ratio = (x: number | null) => number(x, x !== null && x >= 100 ? 0 : x !== null && x < 1 ? 2 : 1);
/* On a scale of ratios, one in its middle; as wide as those shown need, a thousand times at most. */
const scale_min = Math.log(4);
const scale_max = Math.log(1000);
type At = (x: number) => number;
function scaleOf(rows: readonly Correlation[]): At {
	const far = (x: number | null) => (x && x > 0 ? Math.abs(Math.log(x)) : 0);
	const most = Math.max(scale_min, ...rows.flatMap((c) => [far(c.low), far(c.high)]));
	const full = Math.min(scale_max, most);
	return (x) => 50 + 50 * Math.max(-1, Math.min(1, (x > 0 ? Math.log(x) : -full) / full));
}

function what(c: Correlation): string {
	if (c.kind === 'touch')
		return c.name;
	const name = `${tOr(`funnel.by.${c.name}`, c.name)}: ${c.value ?? t('funnel.groupNone')}`;
	return c.kind === 'property' ? t('build.goes.atFirst', { name }) : name;
}
function sentence(c: Correlation): string {
	const numbers = { n: ratio(c.odds_ratio), low: ratio(c.low), high: ratio(c.high) };
	return c.kind === 'touch' ? t('build.goes.did', { ...numbers, name: c.name }) : t('build.goes.has', { ...numbers, name: what(c) });
}
function isSure(c: Correlation): boolean {
	return c.low !== null && c.high !== null && (c.low > 1 || c.high < 1);
}

function Interval({ c, at }: { c: Correlation; at: At }) {
	if (c.odds_ratio === null || c.low === null || c.high === null)
		return null;
	const [low, high, point] = [at(c.low), at(c.high), at(c.odds_ratio)];
	return (
		<div class="interval" aria-hidden="true">
			<div class="interval-one" />
			<div class="interval-line" data-side={c.odds_ratio >= 1 ? 'marketing' : 'sales'} style={{ left: `${low.toFixed(1)}%`, width: `${(high - low).toFixed(1)}%` }} />
			<div class="interval-point" style={{ left: `${Math.min(99, point).toFixed(1)}%` }} />
		</div>
	);
}

export function Goes({ f, asked }: { f: Funnel; asked: Query }) {
	const answer = useResource<Funnel>('/api/v1/funnel', { ...asked, by: null, of: null, compare: null, correlate: 1 }, { live: true });
	const [all, setAll] = useState(false);
	const rows = (answer.data?.correlation ?? []).filter((c) => c.kind === 'touch' || !never.test(c.name));
	const shown = all ? rows : rows.slice(0, shown_at_first);
	const strongest = rows.filter((c) => isSure(c) && (c.odds_ratio ?? 0) > 1).slice(0, 3);
	const at = scaleOf(shown);
	const share = (n: number, of: number) => percent(of > 0 ? n / of : null);
	if (!answer.data)
		return answer.error ? <ErrorLine problem={answer.error} /> : <p class="grey">{t('build.counting')}</p>;
	if (rows.length === 0)
		return <p class="grey">{t(f.steps.length < 2 ? 'build.times.one' : 'build.goes.nothing')}</p>;
	return (
		<div class="stack">
			{strongest.map((c) => <p key={what(c)}>{sentence(c)}</p>)}
			<div class="across">
				<table class="table goes-table">
					<caption class="hidden">{t('build.part.goes')}</caption>
					<thead>
						<tr>
							<th scope="col">{t('build.goes.what')}</th>
							<th scope="col" class="number">{t('build.goes.converted')}</th>
							<th scope="col" class="number">{t('build.goes.dropped')}</th>
							<th scope="col" class="number">{t('build.goes.ratio')}</th>
							<th scope="col" class="number">{t('build.goes.interval')}</th>
							<td class="interval-room" />
						</tr>
					</thead>
					<tbody>
						{shown.map((c) => (
							<tr key={`${c.kind} ${what(c)}`} data-unsure={!isSure(c)}>
								<td data-phone="1"><span class="cut" title={what(c)}>{what(c)}</span></td>
								<td class="number" data-title={t('build.goes.converted')} data-phone="2"><span title={`${number(c.converted_with)} / ${number(c.converted)}`}>{share(c.converted_with, c.converted)}</span></td>
								<td class="number" data-title={t('build.goes.dropped')} data-phone="2"><span title={`${number(c.dropped_with)} / ${number(c.dropped)}`}>{share(c.dropped_with, c.dropped)}</span></td>
								<td class="number strong" data-phone="1">{ratio(c.odds_ratio)}</td>
								<td class="number grey" data-phone="0">{c.low === null || c.high === null ? '–' : `${ratio(c.low)} – ${ratio(c.high)}`}</td>
								<td class="interval-room" data-phone="0"><Interval c={c} at={at} /></td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{shown.length < rows.length && <Button kind="quiet" onClick={() => setAll(true)}>{t('build.goes.all', { n: rows.length })}</Button>}
			<p class="small grey">{t('build.goes.note')} {!/^stage:/.test(f.steps[0]?.name ?? '') && t('build.goes.known')}</p>
		</div>
	);
}
