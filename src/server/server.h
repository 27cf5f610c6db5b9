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

struct server_options {
	const char *data;
	const char *listen;
	const volatile bool *stop; /* set by a signal */
	void (*ready)(void *arg, unsigned port, const char *setup_path);
	void *arg;
};

/* Returns when `stop` is set and everything accepted is finished. */
bool server_run(const struct server_options *o, err *e) MUST_CHECK;

#endif
