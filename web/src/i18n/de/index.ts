/* index.ts - the German texts of all areas. */
import { app } from './app';
import { components } from './components';
import { funnel } from './funnel';

export const texts = { ...app, ...components, ...funnel } as const;
