/*
 * Behind: the drawer with the people behind a number of the funnel, and the rule that says who they
 * are. `query` is that of GET /api/v1/funnel/people.
 *
 *   <Behind title="MQL → SAL" query={{ ...asked, step: 3, outcome: 'dropped' }} onClose={…} />
 */
import { ErrorLine } from './error';
import { Button } from './button';
import { Drawer } from './drawer';
import { Empty } from './empty';
import { More } from './more';
import { RelativeTime } from './small';
import { Table } from './table';
import { language, t } from '../i18n/i18n';
import type { Query } from '../lib/api';
import { number } from '../lib/format';
import { useList, type Page } from '../lib/list';
import { saveCsv } from '../lib/save';
import { useStore } from '../lib/store';

export interface BehindRow {
	person?: number;
	company?: number | { company: number; name: string } | null;
	deal?: number;
	name: string | null;
	email?: string | null;
	stage: string | null;
	at: string;
}
type Answer = Page<BehindRow> & { rule_text?: { en: string; de: string } };

function address(r: BehindRow): string {
	if (r.person)
		return `/people/${r.person}`;
	return r.deal ? `/deals/${r.deal}` : `/companies/${String(r.company)}`;
}
const companyOf = (r: BehindRow) => (r.company && typeof r.company === 'object' ? r.company.name : '');

export function Behind({ title, query, onClose }: { title: string; query: Query; onClose: () => void }) {
	const list = useList<BehindRow>('/api/v1/funnel/people', query, { live: true });
	const spoken = useStore(language);
	const rule = (list.answer as Answer | null)?.rule_text?.[spoken];
	const rows = list.rows ?? [];
	const take = () => saveCsv('people', [
		['name', 'email', 'company_name', 'stage', 'at'],
		...rows.map((r) => [r.name, r.email, companyOf(r), r.stage, r.at]),
	]);
	return (
		<Drawer title={title} onClose={onClose} actions={rows.length > 0 && <Button kind="quiet" onClick={take}>{t('behind.export')}</Button>}>
			<p><strong>{number(list.count)}</strong> {t('behind.people', { n: list.count ?? 0 })}</p>
			{rule && <p class="small grey">{rule}</p>}
			{list.error && <ErrorLine problem={list.error} />}
			{list.rows?.length === 0 && <Empty text={t('behind.nobody')} />}
			{rows.length > 0 && (
				<Table label={title} rows={rows} id={(r) => address(r)} href={address}
					columns={[
						{ key: 'name', title: t('behind.name'), cell: (r) => r.name ?? t('behind.anonymous'), phone: 1, wide: true },
						{ key: 'company', title: t('behind.company'), cell: companyOf, phone: 2 },
						{ key: 'at', title: t('behind.at'), cell: (r) => <RelativeTime at={r.at} />, phone: 2 },
					]} />
			)}
			<More list={list} />
		</Drawer>
	);
}
