/*
 * page_int.h - what the pages of people, companies and deals share.
 */
#ifndef TRICHTER_SERVER_PAGE_INT_H
#define TRICHTER_SERVER_PAGE_INT_H

#include "server/shape_int.h"

#define JOURNEY_ROWS_DEFAULT 100

/* The members that every page has, into an object that is open. */
bool page_put(struct request *q, struct json_writer *w, struct view *v, const struct subject *s,
	      err *e) MUST_CHECK;
bool page_edges(struct json_writer *w, struct people *p, uint64_t subject, struct arena *a,
		err *e) MUST_CHECK;
/* Rows of a list as a member of an object that is open. */
bool page_rows(struct request *q, struct json_writer *w, struct view *v, str key,
	       const struct directory_query *query, err *e) MUST_CHECK;
/* What was taken back of a subject, as a member "undone" of an object that is open. */
bool page_undone(struct request *q, struct json_writer *w, struct view *v, uint64_t subject,
		 err *e) MUST_CHECK;
/* {"rows":[touches],"edges":[...],"count":n,"next":...} */
bool page_journey(struct request *q, struct answer *a, struct view *v, const struct subject *s,
		  err *e) MUST_CHECK;

#define ID_PARAM                                                                                   \
	{                                                                                          \
		"id", "path", "{\"type\":\"integer\",\"minimum\":1}", "Its number", true           \
	}
#define JOURNEY_PARAMS                                                                                 \
	ID_PARAM,                                                                                      \
		{ "limit", "query",                                                                    \
		  "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"default\":100}",              \
		  "At most so many touches", false },                                                  \
		{ "after", "query", "{\"type\":\"string\"}", "`next` of the page before", false },     \
	{                                                                                              \
		"order", "query",                                                                      \
			"{\"type\":\"string\",\"enum\":[\"first\",\"latest\"],\"default\":\"first\"}", \
			"From the first touch on, or from the latest back", false                      \
	}

#endif
