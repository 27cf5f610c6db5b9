/*
 * privacy.tsx - what is honoured when people are counted, what is never stored, and what the company
 * has written down about how long it keeps things.
 */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Checkbox, Field } from '../../components/field';
import { toast } from '../../components/toast';
import { t } from '../../i18n/i18n';
import { SettingsPage } from './page';
import { useDocument, type Document, type Settings } from './settings-save';

/* What is no number is sent as it stands: the server says what is wrong with it. */
const monthsOf = (text: string) => text.trim() === '' ? null : /^[0-9]+$/.test(text.trim()) ? Number(text) : text;

function Tracking({ doc, now }: { doc: Document<Settings>; now: Settings['privacy'] }) {
	const [dnt, setDnt] = useState(now.dnt);
	const [gpc, setGpc] = useState(now.gpc);
	const [months, setMonths] = useState(now.retention === null ? '' : String(now.retention));
	const [note, setNote] = useState(now.retention_note);
	const changed = dnt !== now.dnt || gpc !== now.gpc || months.trim() !== (now.retention === null ? '' : String(now.retention)) || note !== now.retention_note;
	const save = async () => {
		if (await doc.save('PATCH', { privacy: { dnt, gpc, retention: monthsOf(months), retention_note: note } }))
			toast(t('set.saved'));
	};
	return (
		<form class="form stack-wide" onSubmit={(e) => { e.preventDefault(); void save(); }}>
			<ErrorLine problem={doc.rest('retention', 'retention_note')} action={doc.problem?.status === 412 && <Button onClick={doc.reload}>{t('office.again')}</Button>} />
			<section class="stack">
				<h2>{t('office.wishes')}</h2>
				<Checkbox label={t('office.dnt')} checked={dnt} onValue={setDnt} help={t('office.dntHelp')} />
				<Checkbox label={t('office.gpc')} checked={gpc} onValue={setGpc} help={t('office.gpcHelp')} />
			</section>
			<section class="stack">
				<h2>{t('office.addresses')}</h2>
				<p>{t('office.addressesHelp')}</p>
			</section>
			<section class="stack">
				<h2>{t('office.retention')}</h2>
				<Field label={t('office.retentionMonths')} value={months} onValue={setMonths} error={doc.error('retention')} help={t('office.retentionMonthsHelp')} inputMode="numeric" maxLength={4} />
				<Field label={t('office.retentionNote')} value={note} onValue={setNote} error={doc.error('retention_note')} help={t('office.retentionHelp')} rows={4} maxLength={2000} />
			</section>
			<Button submit kind="main" busy={doc.busy} disabled={!changed}>{t('c.save')}</Button>
		</form>
	);
}

export default function Privacy() {
	const doc = useDocument<Settings>('/api/v1/settings');
	return (
		<SettingsPage at="privacy">
			{doc.data
				? <Tracking key={doc.data.etag} doc={doc} now={doc.data.privacy} />
				: <ErrorLine problem={doc.problem} action={<Button onClick={doc.reload}>{t('app.retry')}</Button>} />}
		</SettingsPage>
	);
}
