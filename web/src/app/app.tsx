/*
 * app.tsx - from the address to a screen.
 */
import type { ComponentType } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { Button } from '../components/button';
import { ErrorLine } from '../components/error';
import { Toasts } from '../components/toast';
import { language, t } from '../i18n/i18n';
import { askEarly } from '../lib/resource';
import { useStore } from '../lib/store';
import { Frame } from './frame';
import { matchPath, navigate, usePlace } from './router';
import { routes, type Route, type ScreenProps } from './routes';
import { session, sessionLoad } from './session';

const loaded = new Map<Route, ComponentType<ScreenProps>>();

function Screen({ route, params }: { route: Route; params: Record<string, string> }) {
	const [, again] = useState(0);
	const [failed, setFailed] = useState(false);
	const [broken, forget] = useErrorBoundary((e) => console.error(e));
	useEffect(() => {
		setFailed(false);
		forget();
		if (!loaded.has(route))
			route.load().then(
				(m) => {
					loaded.set(route, m.default);
					again((n) => n + 1);
				},
				() => setFailed(true),
			);
	}, [route]);
	// A newer program has other files: the page of now asks for ones that are gone.
	if (failed)
		return <ErrorLine text={t('app.newer')} action={<Button onClick={() => location.reload()}>{t('app.reload')}</Button>} />;
	if (broken)
		return <ErrorLine text={t('app.broken')} action={<Button onClick={() => location.reload()}>{t('app.reload')}</Button>} />;
	const Loaded = loaded.get(route);
	return Loaded ? <Loaded params={params} /> : null;
}

function find(path: string): { route: Route; params: Record<string, string> } | null {
	for (const route of routes) {
		const params = matchPath(route.pattern, path);
		if (params)
			return { route, params };
	}
	return null;
}

/* Before anything is shown: the screen's script and its first numbers, all at once, so that the
 * page appears whole. */
export async function screenFirst(path: string, search: string): Promise<void> {
	const found = find(path);
	if (!found)
		return;
	const { route, params } = found;
	const early = route.early?.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
	const script = route.load().then((m) => void loaded.set(route, m.default), () => {});
	await Promise.all([script, early && !search ? askEarly(early) : undefined]);
}

function Unknown() {
	return (
		<>
			<h1>{t('app.unknown')}</h1>
			<p><a href="/">{t('app.unknownHome')}</a></p>
		</>
	);
}

/* Where somebody who is not signed in belongs, and back where they came from afterwards. */
function place_for(state: ReturnType<typeof session.get>, path: string, open: boolean): string | null {
	if (state.state === 'out' && state.setup && path !== '/setup')
		return `/setup${location.search}${location.hash}`;
	if (state.state === 'out' && !state.setup && !open)
		return path === '/' ? '/login' : `/login?next=${encodeURIComponent(path + location.search)}`;
	if (state.state === 'in' && (path === '/login' || path === '/setup')) {
		const next = new URLSearchParams(location.search).get('next') ?? '/';
		return /^\/(?![/\\])/.test(next) ? next : '/';
	}
	return null;
}

export function App() {
	useStore(language); // a change of language shows everything anew
	const state = useStore(session);
	const { path } = usePlace();
	const found = find(path);
	const elsewhere = place_for(state, path, found?.route.open === true);
	useEffect(() => {
		if (elsewhere)
			navigate(elsewhere, { replace: true });
	}, [elsewhere]);
	const title = found ? t(found.route.title) : t('app.unknown');
	useEffect(() => {
		document.title = `${title} · Trichter`;
	}, [title]);

	if (state.state === 'failed')
		return (
			<main class="column">
				<ErrorLine problem={state.problem} action={<Button onClick={() => void sessionLoad()}>{t('app.retry')}</Button>} />
			</main>
		);
	if (state.state === 'loading' || elsewhere)
		return null;
	const screen = found ? <Screen route={found.route} params={found.params} /> : <Unknown />;
	if (found?.route.open)
		return <><main class="column open">{screen}</main><Toasts /></>;
	return <Frame at={found?.route.nav} wide={found?.route.wide === true}>{screen}</Frame>;
}
