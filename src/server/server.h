/*
 * server.h - one process that serves a data directory.
 *
 * What it is:   collecting, the API, the screens, and the work of commands that come in through
 *               DIR/sock; over one journal, one live view and one HTTP server.
 * Promises:     a stop finishes what was accepted.
 */
#ifndef TRICHTER_SERVER_H
#define TRICHTER_SERVER_H

#include "journal/journal.h"

struct server;

enum access_log_what {
	ACCESS_LOG_API, /* the API, and whatever failed */
	ACCESS_LOG_ALL,
	ACCESS_LOG_OFF
};

struct server_options {
	const char *data;
	const char *listen;
	const char *trusted_proxies;	   /* NULL: loopback; see http.h */
	size_t connections_max;		   /* 0: 12,000 */
	size_t connections_per_client_max; /* 0: no limit */
	enum access_log_what access_log;
	uint64_t tail_touches;	   /* journal_options; 0: as ever */
	const volatile bool *stop; /* set by a signal */
	void (*ready)(void *arg, unsigned port, const char *setup_path);
	void *arg;
};

/* Returns when `stop` is set and everything accepted is finished. */
bool server_run(const struct server_options *o, err *e) MUST_CHECK;

/* The API as an OpenAPI 3.1 document. */
bool server_openapi(struct buf *out, err *e) MUST_CHECK;

#endif
