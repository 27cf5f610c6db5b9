/* The home: the one funnel. */
export const funnel = {
	'funnel.people': 'People',
} as const;
