/*
 * route_int.h - one table of routes: who may, what it takes, what it answers, and how it is
 * described.
 *
 * What it is:   every path of the program. The same rows route, guard, and are printed as OpenAPI.
 * Promises:     a route without an entry does not exist; a handler never runs for somebody who may
 *               not; errors become problem documents in one place.
 */
#ifndef TRICHTER_SERVER_ROUTE_INT_H
#define TRICHTER_SERVER_ROUTE_INT_H

#include "io/json.h"
#include "server/http.h"
#include "server/server.h"

/* What somebody may do; roles and scopes of keys are sets of these (auth_roles.c). */
enum may {
	MAY_ANYONE,	/* no one has to be signed in */
	MAY_SIGNED_IN,	/* any user; never a key */
	MAY_READ,	/* people, deals, funnels ... */
	MAY_WORK,	/* notes, calls, owners, stages and deals by hand */
	MAY_MARKET,	/* content, sources, spend, tracking */
	MAY_IMPORT,	/* imports, exports of everything, undo */
	MAY_CONFIGURE,	/* stages, rules, agreement, write keys */
	MAY_ADMINISTER, /* users, secret keys, audit, backup */
	MAY_COLLECT,	/* events that are believed, with a secret key; no role has it */
	MAY_N
};

/* A parameter of path or query, or a member of a body, as OpenAPI describes it. */
struct route_param {
	const char *name;   /* NULL ends a list */
	const char *in;	    /* "path", "query", "header" */
	const char *schema; /* JSON Schema as text: {"type":"string"} */
	const char *help;
	bool required;
};

struct actor {
	uint64_t user;	  /* 0: none */
	uint64_t key;	  /* a secret key's number; 0: none */
	uint64_t may;	  /* bit per enum may */
	str name;	  /* who, for the audit log and for touches: "user:3", "key:2" */
	str display;	  /* the person's own name */
	uint64_t session; /* 0: none */
};
static inline bool actor_may(const struct actor *a, enum may may)
{
	return may == MAY_ANYONE || (a->may >> may & 1) != 0;
}

#define ROUTE_PATH_PARAMS_MAX 4

struct request {
	struct server *server;
	struct http_request *http;
	const struct route *route;
	size_t route_number; /* in the table, for counting */
	struct actor actor;
	str path[ROUTE_PATH_PARAMS_MAX]; /* of {name} in the pattern, in order */
	struct arena *arena;		 /* the request's, with its maximum */
	const struct json *body;	 /* parsed; NULL when there is none */
	const struct json *given;	 /* parameters in place of the address's; NULL: those */
	str field;			 /* that an error is about (problem_field) */
	int status;			 /* of an error; 0: by its code */
	str members; /* further ones of the problem document: JSON, each behind a comma */
};

/* What a handler fills in; the route layer sends it. */
struct answer {
	int status;		  /* 200 unless said otherwise */
	const char *content_type; /* application/json unless said otherwise */
	struct buf body;
	str etag;     /* "" none; quoted by the route layer */
	str location; /* of what was made */
	bool sent;    /* the handler answered by itself (files, streams), or will */
};

struct route {
	const char *method;
	const char *pattern; /* "/api/v1/people/{id}" */
	enum may may;
	enum http_where where;
	size_t body_bytes_max;
	/* False: `e` becomes a problem document, its status by its code (problem.c). */
	bool (*run)(struct request *q, struct answer *a, err *e);
	/* For OpenAPI; NULL summary: not an API (pages, assets). */
	const char *id; /* operationId: "listPeople" */
	const char *tag;
	const char *summary;
	const struct route_param *params;
	const char *body_schema; /* JSON Schema text, or a name of openapi_schemas.c; NULL: none */
	const char *answer_schema;	     /* the same */
	int answer_status;		     /* 0: 200 */
	const char *body_type, *answer_type; /* NULL: application/json */
	/* The handler looks for a write key itself and reads the body as it comes: nobody is asked
	 * for before it. */
	bool own_key;
	bool once; /* takes an Idempotency-Key */
};

/* Each api_*.c exports its rows; routes.c lists them all. */
struct route_list {
	const struct route *rows;
	size_t n;
};
/* NULL when `i` is past the end. */
const struct route_list *route_list_at(size_t i);

/* An error with a status of its own (401, 412, 415, 428, 429); always false. */
bool problem_with(struct request *q, err *e, int status, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* An error that names the field it is about; always false. */
bool problem_field(struct request *q, err *e, const char *field, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* The shared parts of one running server, for handlers. */
struct journal *server_journal(struct server *s);
const char *server_data(const struct server *s);
struct imports *server_imports(struct server *s);

#endif
