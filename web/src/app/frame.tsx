/*
 * frame.tsx - what surrounds every screen: the navigation, who is signed in, help, toasts.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Dialog } from '../components/dialog';
import { Menu } from '../components/menu';
import { Toasts } from '../components/toast';
import { language, languageChoose, t, type Key, type Language } from '../i18n/i18n';
import { useStore } from '../lib/store';
import { keysKnown, useKeys } from './keys';
import { live } from './live';
import { navigate, usePlace } from './router';
import { nav } from './routes';
import { signOut, useSession } from './session';
import { theme, themeSet, type Theme } from './theme';

const names: Record<string, Key> = {
	Escape: 'key.escape',
	Enter: 'key.enter',
	ArrowDown: 'key.down',
	ArrowUp: 'key.up',
	' ': 'key.space',
};
export function keyName(keys: string): string {
	return keys.split(' ').filter(Boolean).map((k) => (names[k] ? t(names[k] as Key) : k)).join(' ') || t('key.space');
}

function Help({ onClose }: { onClose: () => void }) {
	const [known] = useState(keysKnown);
	return (
		<Dialog title={t('help.title')} onClose={onClose}>
			<dl class="keys">
				{known.map((k) => (
					<div key={k.keys}>
						<dt><kbd>{keyName(k.keys)}</kbd></dt>
						<dd>{t(k.help)}</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}

/* `/`: into the screen's own search field, else to the people with theirs. */
function search() {
	const field = document.querySelector<HTMLElement>('[data-search]');
	if (field)
		field.focus();
	else
		navigate('/people?focus=search');
}

function Who() {
	const s = useSession();
	const chosen = useStore(theme);
	const spoken = useStore(language);
	const themes: Theme[] = ['system', 'light', 'dark'];
	const languages: Language[] = ['en', 'de'];
	return (
		<Menu
			label={s.user.name}
			items={[
				{ text: t('nav.account'), href: '/settings/account' },
				...languages.map((l) => ({
					text: l === 'en' ? 'English' : 'Deutsch',
					checked: l === spoken,
					run: () => void languageChoose(l),
				})),
				...themes.map((m) => ({ text: t(`theme.${m}`), checked: m === chosen, run: () => themeSet(m) })),
				{ text: t('help.title'), keys: '?', run: () => document.dispatchEvent(new Event('trichter:help')) },
				{ text: t('nav.signOut'), run: () => void signOut() },
			]}
		/>
	);
}

function Words({ at, more, onMore }: { at: string | undefined; more: boolean; onMore: () => void }) {
	const s = useSession();
	const shown = nav.filter((n) => !n.may || s.may.includes(n.may));
	return (
		<nav class="words" aria-label={t('nav.label')} data-more={more}>
			{shown.map((n) => (
				<a key={n.path} href={n.path} aria-current={n.path === at ? 'page' : undefined}>{t(n.title)}</a>
			))}
			<button type="button" class="words-more" aria-expanded={more} onClick={onMore}>{t('nav.more')}</button>
		</nav>
	);
}

export function Frame({ at, wide, children }: { at: string | undefined; wide: boolean; children: ComponentChildren }) {
	const s = useSession();
	const state = useStore(live);
	const { path } = usePlace();
	const main = useRef<HTMLElement>(null);
	const [help, setHelp] = useState(false);
	const [more, setMore] = useState(false);
	useEffect(() => setMore(false), [path]);
	useEffect(() => {
		const open = () => setHelp(true);
		document.addEventListener('trichter:help', open);
		return () => document.removeEventListener('trichter:help', open);
	}, []);
	useKeys([
		{ keys: '/', help: 'help.search', run: search },
		{ keys: '?', help: 'help.help', run: () => setHelp(true) },
		...nav.map((n) => ({ keys: `g ${n.letter}`, help: n.title, run: () => navigate(n.path) })),
	]);
	return (
		<>
			<a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>{t('nav.skip')}</a>
			<header class="top">
				<a class="brand" href="/">{s.workspace.name || 'Trichter'}</a>
				<Words at={at} more={more} onMore={() => setMore(!more)} />
				{state === 'lost' && <span class="grey live-lost" role="status">{t('live.lost')}</span>}
				<Who />
			</header>
			<main id="main" ref={main} tabIndex={-1} class={wide ? 'wide' : 'column'}>{children}</main>
			<Toasts />
			{help && <Help onClose={() => setHelp(false)} />}
		</>
	);
}
