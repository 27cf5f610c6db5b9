/*
 * routes.c - the list of all tables of routes, in the order in which the API is described.
 *
 * Threads:      constants.
 */
#include "server/route_int.h"

/* clang-format off */
extern const struct route_list routes_collect;
extern const struct route_list routes_health;
extern const struct route_list routes_docs;
extern const struct route_list routes_session;
extern const struct route_list routes_account;
extern const struct route_list routes_users;
extern const struct route_list routes_keys;
extern const struct route_list routes_audit;
extern const struct route_list routes_metrics;
extern const struct route_list routes_funnel;
extern const struct route_list routes_funnels;
extern const struct route_list routes_flow;
extern const struct route_list routes_sources;
extern const struct route_list routes_reconcile;
extern const struct route_list routes_work;
extern const struct route_list routes_undo;
extern const struct route_list routes_erase;
extern const struct route_list routes_change;
extern const struct route_list routes_bulk;
extern const struct route_list routes_send;
extern const struct route_list routes_settings;
extern const struct route_list routes_stages;
extern const struct route_list routes_live;
extern const struct route_list routes_assets;
extern const struct route_list routes_imports;
extern const struct route_list routes_rules;
extern const struct route_list routes_search;
extern const struct route_list routes_people;
extern const struct route_list routes_companies;
extern const struct route_list routes_deals;
extern const struct route_list routes_deal_stages;
extern const struct route_list routes_touches;
/* clang-format on */

const struct route_list *route_list_at(size_t i)
{
	/* clang-format off */
	static const struct route_list *const lists[] = {
		&routes_health,
		&routes_metrics,
		&routes_collect,
		&routes_session,
		&routes_account,
		&routes_users,
		&routes_keys,
		&routes_audit,
		&routes_funnel,
		&routes_funnels,
		&routes_flow,
		&routes_sources,
		&routes_reconcile,
		&routes_rules,
		&routes_search,
		&routes_people,
		&routes_companies,
		&routes_deal_stages, &routes_deals,
		&routes_touches,
		&routes_work,
		&routes_undo,
		&routes_erase,
		&routes_change,
		&routes_bulk,
		&routes_send,
		&routes_settings,
		&routes_stages,
		&routes_imports,
		&routes_live,
		&routes_docs,
		&routes_assets,
	};
	/* clang-format on */
	return i < ARRAY_LEN(lists) ? lists[i] : NULL;
}
