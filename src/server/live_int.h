/*
 * live_int.h - what happens, told to those who look.
 *
 * What it is:   GET /api/v1/live: server-sent events. `seq`: something was recorded; `touch`: each
 *               touch as it comes in, up to LIVE_TOUCHES_PER_S; `import`: an import's progress.
 * Promises:     the journal's writer never waits for a listener; a listener who does not read loses
 *               the connection; what is told is built once for all. A session or key that is no
 *               longer valid loses its streams within two seconds.
 * Threads:      any.
 */
#ifndef TRICHTER_SERVER_LIVE_INT_H
#define TRICHTER_SERVER_LIVE_INT_H

#include "server/server.h"

#define LIVE_LISTENERS_MAX 4096
#define LIVE_TOUCHES_PER_S 20
#define LIVE_SEQ_PER_S	   4
#define LIVE_BYTES_MAX	   (64 * KIB) /* that may wait for one listener */

struct live;

bool live_open(struct server *s, err *e) MUST_CHECK;
void live_close(struct server *s);

/* An import job changed; must not wait, so it is told at the next turn. */
void live_import_changed(void *server, uint64_t job);
size_t live_listeners(struct server *s);

#endif
