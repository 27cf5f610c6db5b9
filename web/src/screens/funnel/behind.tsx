/*
 * behind.tsx - the people behind a number, and the rule that says who they are.
 */
import { useState } from 'preact/hooks';
import { useQuery } from '../../app/router';
import { Button } from '../../components/button';
import { Drawer } from '../../components/drawer';
import { Empty } from '../../components/empty';
import { More } from '../../components/more';
import { RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { toastError } from '../../components/toast';
import { language, t } from '../../i18n/i18n';
import { get } from '../../lib/api';
import { useList, type Page } from '../../lib/list';
import { saveCsv } from '../../lib/save';
import { funnelQuery, type Rules } from './api';

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
function subjectHref(s: Subject, count: Rules['count']): string {
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

async function exportAll(query: Record<string, unknown>) {
	const rows: Subject[] = [];
	for (let after: string | null = null; rows.length < export_rows_max;) {
		const page: Answer = await get<Answer>(path, { ...(query as Record<string, string>), limit: page_rows, after });
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

export function Behind({ count }: { count: Rules['count'] }) {
	const [q, set] = useQuery();
	const [busy, setBusy] = useState(false);
	const query = {
		...funnelQuery(q),
		step: q.get('step'), outcome: q.get('show'), reason: q.get('reason'), group: q.get('group'), no_group: q.get('no_group'),
	};
	const people = useList<Subject>(path, query, { live: true });
	const close = () => set({ step: null, show: null, reason: null, group: null, no_group: null });
	const save = () => {
		setBusy(true);
		exportAll(query).catch(toastError).finally(() => setBusy(false));
	};
	const n = people.count ?? people.rows?.length ?? 0;
	const rule = (people.answer as Answer | null)?.rule_text;
	return (
		<Drawer title={people.rows ? t(`funnel.n.${count}`, { n }) : t('c.loading')} onClose={close}
			actions={<Button kind="quiet" busy={busy} disabled={!n} onClick={save}>{t('c.export')}</Button>}>
			<div class="stack">
				{rule && <Rule text={rule[language.get()]} />}
				{people.rows && people.rows.length > 0 && (
					<Table label={t(`funnel.n.${count}`, { n })} rows={people.rows} id={subjectId} href={(s) => subjectHref(s, count)}
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
