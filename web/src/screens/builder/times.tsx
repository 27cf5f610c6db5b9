/*
 * times.tsx - how long they took from one step to the next: how many within which span.
 */
import { t } from '../../i18n/i18n';
import { duration, number, percent } from '../../lib/format';
import { stageName, type Bucket, type Funnel } from '../funnel/api';

function span(b: Bucket): string {
	if (b.to_seconds === null)
		return t('build.times.over', { from: duration(b.from_seconds) });
	return b.from_seconds === 0 ? t('build.times.under', { to: duration(b.to_seconds) }) : `${duration(b.from_seconds)} – ${duration(b.to_seconds)}`;
}

function Histogram({ f, at, buckets }: { f: Funnel; at: number; buckets: Bucket[] }) {
	const step = f.steps[at - 1];
	const before = f.steps[at - 2];
	if (!step || !before)
		return null;
	const all = buckets.reduce((n, b) => n + b.count, 0);
	const most = Math.max(1, ...buckets.map((b) => b.count));
	const title = t('build.times.title', { from: stageName(before.name), to: stageName(step.name) });
	return (
		<section>
			<h3 class="cut">{title}</h3>
			{all === 0 ? <p class="grey">{t('funnel.nobody')}</p> : (
				<>
					<p class="small grey">{t('build.times.median', { median: duration(step.median_seconds), p90: duration(step.p90_seconds) })}</p>
					<table class="histogram">
						<caption class="hidden">{title}</caption>
						<thead class="hidden"><tr><th scope="col">{t('funnel.time')}</th><td /><th scope="col">{t(`funnel.counted.${f.rules.count}`)}</th><th scope="col">{t('build.share')}</th></tr></thead>
						<tbody>
							{buckets.map((b) => (
								<tr key={b.from_seconds}>
									<th scope="row">{span(b)}</th>
									<td class="room"><div class="bar-room" aria-hidden="true">{b.count > 0 && <div class="bar" data-side={step.side ?? 'marketing'} style={{ width: `${((b.count / most) * 100).toFixed(2)}%` }} />}</div></td>
									<td class="number">{number(b.count)}</td>
									<td class="number grey">{percent(b.count / all)}</td>
								</tr>
							))}
						</tbody>
					</table>
				</>
			)}
		</section>
	);
}

export function Times({ f }: { f: Funnel }) {
	const steps = f.histogram?.steps ?? [];
	return steps.length === 0 ? <p class="grey">{t('build.times.one')}</p> : (
		<div class="histograms">{steps.map((s) => <Histogram key={s.step} f={f} at={s.step} buckets={s.buckets} />)}</div>
	);
}
