/* index.ts - the German texts of all areas. */
import { app } from './app';
import { components } from './components';
import { funnel } from './funnel';
import { journey } from './journey';
import { people } from './people';
import { imports } from './import';

/* One line an area. */
export const texts = {
	...app,
	...components,
	...funnel,
	...journey,
	...people,
	...imports,
} as const;
