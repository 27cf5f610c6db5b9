/*
 * cli_people_int.h - a question about people, between its rows and its facets.
 */
#ifndef TRICHTER_CLI_PEOPLE_INT_H
#define TRICHTER_CLI_PEOPLE_INT_H

#include "cli/cli_int.h"

struct sort_item {
	uint64_t number;
	value value;
};

struct query {
	/* as asked */
	enum format format;
	bool count_only;
	str *facets, *columns;
	size_t facets_n, columns_n;
	str sort;
	bool descending;
	uint64_t limit, after;
	int64_t now_us;
	/* ready to be answered */
	struct cli *cli;
	struct people *people;
	const struct rule *rule;
	VEC(str) deeds; /* names of touches that the rule's did(...) ask about */
	struct history history;
	/* while walking */
	struct arena scratch; /* of one subject */
	struct subject subject;
	bool (*take)(struct query *q, uint64_t number); /* one who fits; false: failed, q->e */
	void *taking;
	bool done, failed;
	err e;
	uint64_t count; /* who fits */
	/* rows */
	struct arena rows;
	struct table table;
	struct json_writer json;
	VEC(struct sort_item) items;
	uint64_t shown, next;
	bool more;
};

typedef bool (*query_walk_fn)(struct query *q, bool (*take)(struct query *q, uint64_t number),
			      err *e);
/* Counts values of the facets' fields over those who fit, and prints them. */
bool people_facets(struct query *q, query_walk_fn walk, err *e) MUST_CHECK;

#endif
