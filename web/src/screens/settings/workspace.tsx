/*
 * workspace.tsx - the company itself: its name, its money, its own domains, and the reasons that
 * both departments agreed on.
 */
import { useState } from 'preact/hooks';
import { sessionBegin, type Session } from '../../app/session';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Field } from '../../components/field';
import { toast } from '../../components/toast';
import { language, t } from '../../i18n/i18n';
import { get } from '../../lib/api';
import { SettingsPage } from './page';
import { useDocument, type Document, type Settings, type Word } from './settings-save';

const lines = (text: string) => text.split('\n').map((l) => l.trim()).filter(Boolean);

function Company({ doc, now }: { doc: Document<Settings>; now: Settings['workspace'] }) {
	const [name, setName] = useState(now.name);
	const [currency, setCurrency] = useState(now.currency);
	const [domains, setDomains] = useState(now.domains.join('\n'));
	const save = async () => {
		if (!(await doc.save('PATCH', { workspace: { name, currency: currency.toUpperCase(), domains: lines(domains) } })))
			return;
		sessionBegin(await get<Session>('/api/v1/session'));
		toast(t('set.saved'));
	};
	return (
		<section>
			<h2>{t('office.company')}</h2>
			<form class="form stack" onSubmit={(e) => { e.preventDefault(); void save(); }}>
				<ErrorLine problem={doc.rest('name', 'currency', 'domains', 'disqualify', 'loss')} action={doc.problem?.status === 412 && <Button onClick={doc.reload}>{t('office.again')}</Button>} />
				<Field label={t('office.name')} value={name} onValue={setName} error={doc.error('name')} autocomplete="organization" maxLength={200} />
				<Field label={t('office.currency')} value={currency} onValue={setCurrency} error={doc.error('currency')} help={t('office.currencyHelp')} maxLength={3} />
				<Field label={t('office.domains')} value={domains} onValue={setDomains} error={doc.error('domains')} help={t('office.domainsHelp')} rows={3} />
				<p class="grey">{t('office.zone', { zone: now.zone })}</p>
				<Button submit busy={doc.busy}>{t('c.save')}</Button>
			</form>
		</section>
	);
}

/* The reasons of one list, one a line; their words in the other language stand beside them. */
function Reasons({ doc, of, words }: { doc: Document<Settings>; of: 'disqualify' | 'loss'; words: Word[] }) {
	const [text, setText] = useState(words.map((w) => w.key).join('\n'));
	const save = async () => {
		if (await doc.save('PATCH', { reasons: { [of]: lines(text) } }))
			toast(t('set.saved'));
	};
	const shown = words.filter((w) => w[language.get()] !== w.key).map((w) => w[language.get()]).join(', ');
	return (
		<section>
			<h2>{t(`office.${of}`)}</h2>
			<form class="form stack" onSubmit={(e) => { e.preventDefault(); void save(); }}>
				<Field label={t('office.reasons')} value={text} onValue={setText} error={doc.error(of)} help={t('office.reasonsHelp')} rows={Math.max(4, words.length)} />
				{shown && <p class="small grey">{t('office.shownAs', { words: shown })}</p>}
				<Button submit busy={doc.busy} disabled={lines(text).length === 0}>{t('c.save')}</Button>
			</form>
		</section>
	);
}

export default function Workspace() {
	const doc = useDocument<Settings>('/api/v1/settings');
	if (!doc.data)
		return <SettingsPage at="workspace"><ErrorLine problem={doc.problem} action={<Button onClick={doc.reload}>{t('app.retry')}</Button>} /></SettingsPage>;
	return (
		<SettingsPage at="workspace">
			<Company key={doc.data.etag} doc={doc} now={doc.data.workspace} />
			<Reasons doc={doc} of="disqualify" words={doc.data.reasons.disqualify} />
			<Reasons doc={doc} of="loss" words={doc.data.reasons.loss} />
		</SettingsPage>
	);
}
