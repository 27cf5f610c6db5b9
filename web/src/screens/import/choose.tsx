/*
 * Choose: a place to drop a file on, with a button for those who do not drag; then its upload.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Progress } from '../../components/small';
import { t } from '../../i18n/i18n';
import { Problem } from '../../lib/api';
import { number } from '../../lib/format';
import { upload } from './api';

const mb = (bytes: number) => number(bytes / 1e6, bytes < 1e7 ? 1 : 0);

export function Choose({ onReady }: { onReady: (token: string) => void }) {
	const id = useId();
	const [over, setOver] = useState(false);
	const [going, setGoing] = useState<{ file: File; bytes: number } | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const abort = useRef<AbortController | null>(null);
	useEffect(() => () => abort.current?.abort(), []);

	const take = async (file: File | null | undefined) => {
		if (!file || going)
			return;
		const mine = new AbortController();
		abort.current = mine;
		setProblem(null);
		setGoing({ file, bytes: 0 });
		try {
			const token = await upload(file, (bytes) => setGoing({ file, bytes }), mine.signal);
			onReady(token);
		} catch (e) {
			if (!mine.signal.aborted)
				setProblem(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
			setGoing(null);
		}
	};

	if (going)
		return (
			<section class="stack drop" aria-label={t('import.file')}>
				<p>{t('import.uploading', { name: going.file.name })}</p>
				<Progress done={going.bytes} total={going.file.size} label={t('import.uploaded', { done: mb(going.bytes), total: mb(going.file.size) })} />
				<div><Button onClick={() => abort.current?.abort()}>{t('c.cancel')}</Button></div>
			</section>
		);
	return (
		<section class="stack drop" data-over={over} aria-label={t('import.file')}
			onDragOver={(e) => { e.preventDefault(); setOver(true); }}
			onDragLeave={() => setOver(false)}
			onDrop={(e) => { e.preventDefault(); setOver(false); void take(e.dataTransfer?.files[0]); }}>
			<p>{t('import.drop')}</p>
			<input id={id} class="hidden" type="file" accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson,text/csv,application/json"
				onChange={(e) => { const f = e.currentTarget.files?.[0]; e.currentTarget.value = ''; void take(f); }} />
			<label class="button main" for={id}>{t('import.choose')}</label>
			<p class="grey small">{t('import.kinds')}</p>
			<ErrorLine problem={problem} />
		</section>
	);
}
