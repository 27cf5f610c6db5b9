/*
 * Behind: the drawer with the people behind a number of the funnel, and the rule that says who they
 * are. `query` is that of GET /api/v1/funnel/people.
 *
 *   <Behind title="MQL → SAL" query={{ ...asked, step: 4, outcome: 'reached' }} onClose={…} />
 */
import { useState } from 'preact/hooks';
import { Button } from './button';
import { Drawer } from './drawer';
import { Empty } from './empty';
import { More } from './more';
import { RelativeTime } from './small';
import { Table } from './table';
import { toastError } from './toast';
import { language, t } from '../i18n/i18n';
import { get, type Query } from '../lib/api';
import { useList, type Page } from '../lib/list';
import { saveCsv } from '../lib/save';

type Counted = 'people' | 'companies' | 'deals' | 'totals' | 'sessions';
export interface Subject {
	person?: number;
	company?: number | { company: number; name: string } | null;
	deal?: number;
	name: string | null;
	email?: string | null;
	stage: string | null;
	owner: string | null;
	first_source: string | null;
	latest_source: string | null;
	first_at: string | null;
	last_at: string | null;
	touches: number;
	at?: string;
}
interface Answer extends Page<Subject> {
	rule_text?: { en: string; de: string };
}

const path = '/api/v1/funnel/people';
const page_rows = 500;
const export_rows_max = 20_000;

function employer(s: Subject): string {
	return s.company && typeof s.company === 'object' ? s.company.name : '';
}
function subjectHref(s: Subject, count: Counted): string {
	if (count === 'companies')
		return `/companies/${Number(s.company)}`;
	return count === 'deals' ? `/deals/${s.deal}` : `/people/${s.person}`;
}
function subjectId(s: Subject): string {
	return String(s.person ?? s.deal ?? s.company);
}
function subjectName(s: Subject): string {
	return s.name || s.email || t('funnel.unnamed', { n: subjectId(s) });
}

async function exportAll(query: Query) {
	const rows: Subject[] = [];
	for (let after: string | null = null; rows.length < export_rows_max;) {
		const page: Answer = await get<Answer>(path, { ...query, limit: page_rows, after });
		rows.push(...page.rows);
		after = page.next;
		if (after === null)
			break;
	}
	const head = ['id', 'name', 'email', 'company', 'stage', 'owner', 'first_source', 'latest_source', 'first_at', 'last_at', 'touches'];
	saveCsv('people', [head, ...rows.map((s) => [
		subjectId(s), s.name, s.email ?? '', employer(s), s.stage, s.owner, s.first_source, s.latest_source, s.first_at, s.last_at, s.touches,
	])]);
}

/* The first sentence says who they are; the rest are the rules of the whole funnel. */
function Rule({ text }: { text: string }) {
	const end = text.indexOf('. ') + 1 || text.length;
	return <p><strong>{text.slice(0, end)}</strong> <span class="grey small">{text.slice(end)}</span></p>;
}

export interface BehindProps {
	count?: Counted;
	query: Query;
	title?: string;
	onClose: () => void;
}
export function Behind({ count = 'people', query, title, onClose }: BehindProps) {
	const [busy, setBusy] = useState(false);
	const people = useList<Subject>(path, query, { live: true });
	const save = () => {
		setBusy(true);
		exportAll(query).catch(toastError).finally(() => setBusy(false));
	};
	const n = people.count ?? people.rows?.length ?? 0;
	const rule = (people.answer as Answer | null)?.rule_text;
	const counted = t(`funnel.n.${count}`, { n });
	return (
		<Drawer title={people.rows ? (title ? `${title} · ${counted}` : counted) : t('c.loading')} onClose={onClose}
			actions={<Button kind="quiet" busy={busy} disabled={!n} onClick={save}>{t('c.export')}</Button>}>
			<div class="stack">
				{rule && <Rule text={rule[language.get()]} />}
				{people.rows && people.rows.length > 0 && (
					<Table label={counted} rows={people.rows} id={subjectId} href={(s) => subjectHref(s, count)}
						columns={[
							{ key: 'name', title: t('funnel.name'), cell: (s) => subjectName(s), phone: 1 },
							{ key: 'company', title: t('funnel.company'), cell: employer, wide: true, phone: 2 },
							{ key: 'last', title: t('funnel.last'), cell: (s) => (s.last_at ? <RelativeTime at={s.last_at} /> : ''), number: true, phone: 1 },
						]} />
				)}
				{people.rows?.length === 0 && <Empty text={t('funnel.nobody')} />}
				<More list={people} />
			</div>
		</Drawer>
	);
}
