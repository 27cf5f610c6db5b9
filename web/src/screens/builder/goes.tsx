/*
 * goes.tsx - what goes with coming through: touches and traits that those who came to the last step
 * have more or less often than those who did not.
 */
import { ErrorLine } from '../../components/error';
import { t, tOr } from '../../i18n/i18n';
import type { Query } from '../../lib/api';
import { number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { type Correlation, type Funnel } from '../funnel/api';

const ratio_decimals = 1;
/* On a scale of ratios: a tenth, one, ten times. */
const scale_max = Math.log(20);
const at = (x: number) => `${(50 + 50 * Math.max(-1, Math.min(1, Math.log(x) / scale_max))).toFixed(2)}%`;

function what(c: Correlation): string {
	if (c.kind === 'touch')
		return c.name;
	return `${tOr(`funnel.by.${c.name}`, c.name)}: ${c.value ?? t('funnel.groupNone')}`;
}
function sentence(c: Correlation): string {
	const numbers = { n: number(c.odds_ratio, ratio_decimals), low: number(c.low, ratio_decimals), high: number(c.high, ratio_decimals) };
	return c.kind === 'touch' ? t('build.goes.did', { ...numbers, name: c.name }) : t('build.goes.has', { ...numbers, name: what(c) });
}
function isSure(c: Correlation): boolean {
	return c.low !== null && c.high !== null && (c.low > 1 || c.high < 1);
}

function Interval({ c }: { c: Correlation }) {
	if (!c.odds_ratio || c.low === null || c.high === null || c.low <= 0)
		return null;
	return (
		<div class="interval" aria-hidden="true">
			<div class="interval-one" />
			<div class="interval-line" data-side={c.odds_ratio >= 1 ? 'marketing' : 'sales'} style={{ left: at(c.low), width: `calc(${at(c.high)} - ${at(c.low)})` }} />
			<div class="interval-point" style={{ left: at(c.odds_ratio) }} />
		</div>
	);
}

export function Goes({ f, asked }: { f: Funnel; asked: Query }) {
	const answer = useResource<Funnel>('/api/v1/funnel', { ...asked, by: null, of: null, compare: null, correlate: 1 }, { live: true });
	const rows = answer.data?.correlation ?? [];
	const strongest = rows.filter((c) => isSure(c) && (c.odds_ratio ?? 0) > 1).slice(0, 3);
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
						{rows.map((c) => (
							<tr key={`${c.kind} ${what(c)}`} data-unsure={!isSure(c)}>
								<td data-phone="1">{what(c)}</td>
								<td class="number" data-title={t('build.goes.converted')} data-phone="2"><span title={`${number(c.converted_with)} / ${number(c.converted)}`}>{share(c.converted_with, c.converted)}</span></td>
								<td class="number" data-title={t('build.goes.dropped')} data-phone="2"><span title={`${number(c.dropped_with)} / ${number(c.dropped)}`}>{share(c.dropped_with, c.dropped)}</span></td>
								<td class="number strong" data-phone="1">{number(c.odds_ratio, ratio_decimals)}</td>
								<td class="number grey" data-phone="0">{c.low === null || c.high === null ? '–' : `${number(c.low, ratio_decimals)} – ${number(c.high, ratio_decimals)}`}</td>
								<td class="interval-room" data-phone="0"><Interval c={c} /></td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<p class="small grey">{t('build.goes.note')}</p>
		</div>
	);
}
