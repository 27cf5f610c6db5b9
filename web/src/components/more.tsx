/*
 * More: at the foot of a list that comes in pages; the next one is asked for before one gets there.
 */
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/i18n';
import type { List } from '../lib/list';
import { Button } from './button';
import { ErrorLine } from './error';

export function More<T>({ list }: { list: List<T> }) {
	const self = useRef<HTMLDivElement>(null);
	const { end, loading, error, more, reload } = list;
	const ready = !end && !loading && !error && list.rows !== null;
	useEffect(() => {
		if (!ready || !self.current)
			return undefined;
		const seen = new IntersectionObserver((es) => es.some((e) => e.isIntersecting) && more(), { rootMargin: '600px' });
		seen.observe(self.current);
		return () => seen.disconnect();
	}, [ready, more]);
	if (error)
		return <ErrorLine problem={error} action={<Button onClick={reload}>{t('app.retry')}</Button>} />;
	if (end)
		return null;
	return (
		<div ref={self} class="more" aria-busy={loading}>
			{ready ? <Button kind="quiet" onClick={more}>{t('c.more')}</Button> : <span class="grey">{t('c.loading')}</span>}
		</div>
	);
}
