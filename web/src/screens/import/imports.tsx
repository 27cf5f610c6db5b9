/*
 * Imports: all that came in as files, the newest first; each can be taken back.
 */
import { useState } from 'preact/hooks';
import { useMay } from '../../app/session';
import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { ErrorLine } from '../../components/error';
import { RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { toast, toastError } from '../../components/toast';
import { t, type Key } from '../../i18n/i18n';
import { number } from '../../lib/format';
import { useList } from '../../lib/list';
import { follow, start, undo, type Import } from './api';

export function Imports() {
	const list = useList<Import>('/api/v1/imports', undefined, { live: true });
	const may = useMay('import');
	const [asked, setAsked] = useState<Import | null>(null);
	const [busy, setBusy] = useState(0);
	if (list.error)
		return <ErrorLine problem={list.error} />;
	if (!list.rows?.length)
		return list.rows ? <p class="grey">{t('import.none')}</p> : null;
	const go = async (one: Import, work: () => ReturnType<typeof undo>, said: Key) => {
		setAsked(null);
		setBusy(one.import);
		try {
			const end = await follow(await work(), () => undefined);
			if (end.state === 'failed')
				toast(end.error ?? t('import.failed'), { bad: true });
			else
				toast(t(said, { n: end.what === 'undo' ? end.undone_touches : end.touches, import: one.import }));
			list.reload();
		} catch (e) {
			toastError(e);
		}
		setBusy(0);
	};
	const actions = (i: Import) => (
		<span class="line import-actions">
			{i.state === 'interrupted' && i.file && <Button kind="quiet" busy={busy === i.import} onClick={() => void go(i, () => start(i.file as string, { ...(i.kind ? { kind: i.kind } : {}), resume: true }), 'import.resumed')}>{t('import.resume')}</Button>}
			{i.state !== 'undone' && <Button kind="quiet" busy={busy === i.import} onClick={() => setAsked(i)}>{t('import.undo')}</Button>}
		</span>
	);
	return (
		<section class="stack">
			<h2>{t('import.all')}</h2>
			<Table label={t('import.all')} rows={list.rows} id={(i) => i.import} columns={[
				{ key: 'name', title: t('import.file'), cell: (i) => i.name ?? '–', phone: 1, wide: true },
				{ key: 'kind', title: t('import.kind'), cell: (i) => (i.kind ? t(`import.kind.${i.kind}` as Key) : ''), phone: 2 },
				{ key: 'at', title: t('import.when'), cell: (i) => <RelativeTime at={i.begun_at} />, phone: 2 },
				{ key: 'rows', title: t('import.rows'), number: true, cell: (i) => number(i.rows) },
				{ key: 'touches', title: t('import.n.touches'), number: true, cell: (i) => number(i.touches) },
				{ key: 'rejected', title: t('import.n.rejected'), number: true, cell: (i) => (i.rejected ? <a href={`/api/v1/imports/${i.import}/rejects`} download>{number(i.rejected)}</a> : number(0)) },
				{ key: 'state', title: t('import.state'), cell: (i) => <span class={i.state === 'interrupted' ? 'red' : 'grey'}>{t(`import.state.${i.state}` as Key)}</span>, phone: 2 },
				...(may ? [{ key: 'do', title: t('import.what'), cell: actions, phone: 1 as const }] : []),
			]} />
			{asked && (
				<Dialog title={t('import.undoTitle', { n: asked.import })} onClose={() => setAsked(null)}
					onSubmit={() => void go(asked, () => undo(asked.import), 'import.undone')}
					actions={<Button kind="danger" submit>{t('import.undo')}</Button>}>
					<p>{t('import.undoText', { n: asked.touches, name: asked.name ?? '' })}</p>
				</Dialog>
			)}
		</section>
	);
}
