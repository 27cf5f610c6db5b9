/*
 * companies.tsx - the companies that people in the funnel belong to.
 */
import { useMemo } from 'preact/hooks';
import { useMay } from '../../app/session';
import { ButtonLink } from '../../components/button';
import { Empty } from '../../components/empty';
import { RelativeTime } from '../../components/small';
import { t } from '../../i18n/i18n';
import { dash, number } from '../../lib/format';
import { ListScreen, type Kind } from '../list/list';
import { useNames } from '../list/rules';
import { grey } from '../people/people';
import { companyName } from '../person/names';

export interface CompanyRow {
	company: number;
	name: string | null;
	domain: string | null;
	industry: string | null;
	employees: number | null;
	country: string | null;
	owner: string | number | null;
	stage: string | null;
	touches: number;
	last_at: string | null;
}

export default function CompaniesScreen() {
	const names = useNames();
	const imports = useMay('import');
	const kind: Kind<CompanyRow> = useMemo(() => ({
		entity: 'company',
		path: '/companies',
		counted: 'companies.count',
		search: 'companies.search',
		example: t('companies.example'),
		columns: [
			{ id: 'name', label: t('field.name'), sort: 'name', width: 'minmax(180px, 2fr)', cell: (r) => companyName(r) },
			{ id: 'domain', label: t('field.domain'), sort: 'domain', width: 'minmax(140px, 1.5fr)', cell: (r) => grey(r.domain) },
			{ id: 'industry', label: t('field.industry'), sort: 'industry', width: 'minmax(140px, 1.5fr)', cell: (r) => grey(r.industry) },
			{ id: 'employees', label: t('field.employees'), sort: 'employees', right: true, width: '112px', cell: (r) => number(r.employees) },
			{ id: 'country', label: t('field.country'), sort: 'country', width: '88px', cell: (r) => grey(r.country) },
			{ id: 'owner', label: t('field.owner'), sort: 'owner', width: 'minmax(110px, 1fr)', cell: (r) => (r.owner ? names(r.owner) : <span class="grey">{dash}</span>) },
		],
		defaults: ['name', 'domain', 'industry', 'employees', 'country', 'owner'],
		sort: 'name',
		id: (r) => r.company,
		name: companyName,
		two: (r) => [
			companyName(r),
			r.employees === null ? '' : t('company.employees', { n: r.employees }),
			[r.industry, r.country].filter(Boolean).join(', ') || r.domain || dash,
			r.last_at ? <RelativeTime at={r.last_at} quiet /> : '',
		],
		empty: (
			<Empty
				text={t('companies.empty')}
				action={imports ? <ButtonLink kind="main" href="/import">{t('companies.empty.import')}</ButtonLink> : undefined}
			/>
		),
		deeds: [],
	}), [names, imports]);
	return <ListScreen k={kind} />;
}
