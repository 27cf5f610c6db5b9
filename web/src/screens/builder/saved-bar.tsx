/*
 * saved-bar.tsx - the funnel's name, and what one does with it as a whole: save, share, pin, take
 * along, take away.
 */
import { useState } from 'preact/hooks';
import { navigate } from '../../app/router';
import { useMay } from '../../app/session';
import { Button, ButtonLink } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { Field } from '../../components/field';
import { Menu } from '../../components/menu';
import { toast, toastError } from '../../components/toast';
import { t } from '../../i18n/i18n';
import { get, Problem, url, type Query } from '../../lib/api';
import { savePng } from '../../lib/save';
import { toSaved, type Question } from './question';
import { funnelHref, placeNext, savedChange, savedMake, savedRemove, type Saved, type SavedList } from './saved';

function NameDialog({ title, value, onName, onClose }: { title: string; value: string; onName: (name: string) => Promise<void>; onClose: () => void }) {
	const [name, setName] = useState(value);
	const [busy, setBusy] = useState(false);
	const submit = () => {
		if (!name.trim() || busy)
			return;
		setBusy(true);
		onName(name.trim()).then(onClose, (e) => { setBusy(false); toastError(e); });
	};
	return (
		<Dialog title={title} onClose={onClose} onSubmit={submit} actions={<Button kind="main" submit busy={busy} disabled={!name.trim()}>{t('build.save')}</Button>}>
			<Field label={t('build.name')} help={t('build.nameHelp')} value={name} onValue={setName} maxLength={100} autofocus />
		</Dialog>
	);
}

async function copyLink(href: string) {
	const address = new URL(href, location.href).href;
	try {
		await navigator.clipboard.writeText(address);
	} catch {
		// without TLS the clipboard is closed to scripts
		const area = document.createElement('textarea');
		area.value = address;
		document.body.append(area);
		area.select();
		document.execCommand('copy');
		area.remove();
	}
	toast(t('build.linkCopied'));
}

function Files({ asked, name, title }: { asked: Query; name: string; title: string }) {
	const [busy, setBusy] = useState(false);
	const svg = url('/api/v1/funnel.svg', { ...asked, title });
	const png = async () => {
		setBusy(true);
		try {
			const text = await (await fetch(svg)).text();
			const size = text.match(/viewBox="0 0 ([\d.]+) ([\d.]+)"/) ?? [];
			await savePng(name, text, Number(size[1] ?? 1280), Number(size[2] ?? 720), '#fff');
		} catch (e) {
			toastError(e);
		}
		setBusy(false);
	};
	return (
		<Menu label={t('c.export')} kind="plain" items={[
			{ text: 'CSV', href: url('/api/v1/funnel.csv', asked), download: `${name}.csv` },
			{ text: 'JSON', href: url('/api/v1/funnel', asked), download: `${name}.json` },
			{ text: 'SVG', href: svg, download: `${name}.svg` },
			{ text: 'PNG', run: () => void png(), disabled: busy },
		]} />
	);
}

export interface SavedBarProps {
	saved: Saved | null;
	question: Question;
	asked: Query;
	/* There is something to be saved. */
	ready: boolean;
	onSaved: (f: Saved) => void;
	/* Somebody else was faster. */
	onStale: () => void;
}
export function SavedBar({ saved, question, asked, ready, onSaved, onStale }: SavedBarProps) {
	const may = useMay('work');
	const [naming, setNaming] = useState<'new' | 'rename' | null>(null);
	const [busy, setBusy] = useState(false);
	const title = saved?.title ?? t('build.new');
	const done = (f: Saved) => {
		onSaved(f);
		navigate(funnelHref(f), { replace: saved?.name === f.name });
	};
	const failed = (e: unknown) => {
		toastError(e);
		if (e instanceof Problem && e.status === 412)
			onStale();
	};
	const attempt = (deed: Promise<Saved>, said: string) => {
		setBusy(true);
		deed.then((f) => { done(f); toast(said); }, failed).finally(() => setBusy(false));
	};
	const pin = async () => {
		if (!saved)
			return;
		const all = saved.place ? null : (await get<SavedList>('/api/v1/funnels')).rows;
		const next = await savedChange(saved, { place: all ? placeNext(all) : null });
		onSaved(next);
		toast(t(next.place ? 'build.pinned' : 'build.unpinned'), { undo: async () => onSaved(await savedChange(next, { place: saved.place })) });
	};
	const remove = () => saved && void savedRemove(saved, () => navigate('/funnels'));
	const make = async (name: string) => done(await savedMake(name, toSaved(question.q)));
	const rename = async (name: string) => {
		if (saved)
			onSaved(await savedChange(saved, { title: name }));
	};
	return (
		<header class="builder-head">
			<div>
				<p class="small grey"><a href="/funnels">{t('nav.funnels')}</a></p>
				<h1>{title}</h1>
				{saved && question.changed && <p class="small grey">{t('build.differs')} <a href={funnelHref(saved)}>{t('build.discard')}</a></p>}
			</div>
			<div class="line">
				{may && saved && question.changed && <Button kind="main" busy={busy} disabled={!ready} onClick={() => attempt(savedChange(saved, { query: toSaved(question.q) }), t('build.saved'))}>{t('build.saveChanges')}</Button>}
				{may && (!saved || question.changed) && <Button kind={saved ? 'plain' : 'main'} disabled={!ready} onClick={() => setNaming('new')}>{t(saved ? 'build.saveAs' : 'build.save')}</Button>}
				{may && saved && !question.changed && <Button onClick={() => void pin().catch(failed)}>{t(saved.place ? 'build.unpin' : 'build.pin')}</Button>}
				<Button disabled={!ready} onClick={() => void copyLink(question.href)}>{t('build.copyLink')}</Button>
				{ready && <Files asked={asked} name={saved?.name ?? 'funnel'} title={saved?.title ?? ''} />}
				{saved && may && <Menu label={t('build.more')} items={[
					{ text: t('build.rename'), run: () => setNaming('rename') },
					{ text: t('build.remove'), run: remove },
				]} />}
				{!saved && <ButtonLink kind="quiet" href="/funnels">{t('c.cancel')}</ButtonLink>}
			</div>
			{naming && <NameDialog title={t(naming === 'rename' ? 'build.rename' : 'build.saveTitle')} value={naming === 'rename' ? title : ''}
				onName={naming === 'rename' ? rename : make} onClose={() => setNaming(null)} />}
		</header>
	);
}
