/*
 * main.tsx - the first script of every page.
 */
import { render } from 'preact';
import { App, screenFirst } from './app/app';
import { keysStart } from './app/keys';
import { routerStart } from './app/router';
import { session, sessionLoad } from './app/session';
import { themeStart } from './app/theme';
import { language, languageLoad, languageOfPage } from './i18n/i18n';

themeStart();
routerStart();
keysStart();

/* The account's language wins over the browser's, unless one was chosen on this browser. */
session.subscribe(() => {
	const s = session.get();
	const own = s.state === 'in' ? s.session.user.language : null;
	if (own && own !== language.get() && !/(^|; )language=/.test(document.cookie))
		void languageLoad(own);
});

void Promise.all([languageLoad(languageOfPage()), sessionLoad(), screenFirst(location.pathname, location.search)]).then(() => {
	const root = document.getElementById('app');
	if (root)
		render(<App />, root);
});
