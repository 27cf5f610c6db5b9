/*
 * routes.c - the list of all tables of routes, in the order in which the API is described.
 *
 * Threads:      constants.
 */
#include "server/route_int.h"

extern const struct route_list routes_health, routes_funnel;
extern const struct route_list routes_assets;

const struct route_list *route_list_at(size_t i)
{
	static const struct route_list *const lists[] = {
		&routes_health,
		&routes_funnel,
		&routes_assets,
	};
	return i < ARRAY_LEN(lists) ? lists[i] : NULL;
}
