/* index.ts - the English texts of all areas. */
import { app } from './app';
import { components } from './components';
import { funnel } from './funnel';
import { journey } from './journey';
import { people } from './people';

export const texts = { ...app, ...components, ...funnel, ...journey, ...people } as const;
