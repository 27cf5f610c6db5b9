/*
 * openapi_int.h - the API described: OpenAPI 3.1 and a page for people, from the table of routes.
 *
 * Promises:     what is described is what is routed: there is one table.
 * Threads:      nothing shared.
 */
#ifndef TRICHTER_SERVER_OPENAPI_INT_H
#define TRICHTER_SERVER_OPENAPI_INT_H

#include "server/route_int.h"

/* Schemas that several routes share, by the name that rows use; NULL when `i` is past the end. */
struct schema {
	const char *name, *text; /* JSON Schema */
};
const struct schema *schema_at(size_t i);
const struct schema *schema_find(str name);

/* The groups of the API, in the order in which one reads about them. */
struct tag {
	const char *name, *help;
};
const struct tag *tag_at(size_t i);

/* Parameters of a path for which the row has no description are numbers. Begin with *at = 0. */
bool route_path_param(const struct route *row, size_t *at, str *name_r);
const struct route_param *route_param_find(const struct route *row, const char *in, str name);
/* "read", "work", ... */
const char *may_name(enum may may);

#endif
