/*
 * JobView: how far an import or a rehearsal is, and what came of it.
 */
import type { ComponentChildren } from 'preact';
import { ButtonLink } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Progress } from '../../components/small';
import { t, type Key } from '../../i18n/i18n';
import { number } from '../../lib/format';
import { job_ended, type Job } from './api';

const counts = ['accepted', 'duplicate', 'skipped', 'rejected', 'people_new', 'people_updated', 'companies_new', 'deals_new', 'touches'] as const;

function Counts({ job }: { job: Job }) {
	return (
		<dl class="counts">
			{counts.filter((c) => c === 'accepted' || job[c] > 0).map((c) => (
				<div key={c}>
					<dt class="grey">{t(`import.n.${c}` as Key)}</dt>
					<dd class={c === 'rejected' ? 'number red' : 'number'}>{number(job[c])}</dd>
				</div>
			))}
		</dl>
	);
}

export function JobView({ job, action }: { job: Job; action?: ComponentChildren }) {
	if (!job_ended(job))
		return <Progress done={job.bytes} total={job.bytes_total || null} label={t('import.running', { n: job.read })} />;
	if (job.state === 'failed')
		return <ErrorLine text={job.error ?? t('import.failed')} />;
	const title = job.state === 'stopped' ? 'import.stopped' : job.what === 'dry_run' ? 'import.wouldHappen' : 'import.done';
	return (
		<section class="stack" role="status">
			<h2>{t(title as Key, { name: job.name, n: job.import ?? 0, rows: job.read })}</h2>
			<Counts job={job} />
			{job.notes.length > 0 && <ul class="notes grey">{job.notes.map((n) => <li key={n}>{n}</li>)}</ul>}
			{job.what === 'import' && (
				<div class="line">
					{action}
					{job.rejected > 0 && job.import && <ButtonLink href={`/api/v1/imports/${job.import}/rejects`} download>{t('import.rejects', { n: job.rejected })}</ButtonLink>}
					<a href="/">{t('import.toFunnel')}</a>
					<a href="/people?sort=-last_at">{t('import.toPeople')}</a>
				</div>
			)}
		</section>
	);
}
