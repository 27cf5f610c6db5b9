/*
 * live_int.h - what happens, told to those who look.
 *
 * What it is:   GET /api/v1/live: server-sent events. `seq`: something was recorded; `touch`: each
 *               touch as it comes in, up to LIVE_TOUCHES_PER_S; `import`: an import's progress.
 * Promises:     the journal's writer never waits for a listener; a listener who does not read loses
 *               the connection; what is told is built once for all.
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
/* A session ended, or a user or key may no longer read: their streams end. 0 stands for none. */
void live_end_session(struct server *s, uint64_t session);
void live_end_user(struct server *s, uint64_t user);
void live_end_key(struct server *s, uint64_t key);

size_t live_listeners(struct server *s);

#endif
