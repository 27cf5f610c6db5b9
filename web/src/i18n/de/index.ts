/* index.ts - the German texts of all areas. */
import { app } from './app';
import { auth } from './auth';
import { build } from './build';
import { components } from './components';
import { flow } from './flow';
import { funnel } from './funnel';
import { journey } from './journey';
import { people } from './people';
import { imports } from './import';
import { office } from './office';
import { settings } from './settings';

/* One line an area. */
export const texts = {
	...app,
	...auth,
	...settings,
	...office,
	...build,
	...components,
	...flow,
	...funnel,
	...journey,
	...people,
	...imports,
} as const;
