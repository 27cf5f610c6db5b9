/*
 * view_int.h - what handlers read from: a snapshot that is up to date, for one request.
 *
 * What it is:   a handler borrows a view, reads, gives it back. Opening one costs little, since
 *               views are kept and brought up to date, not opened anew.
 * Promises:     a view that was borrowed after an acknowledged touch contains it.
 * Threads:      a borrowed view belongs to one thread.
 */
#ifndef TRICHTER_SERVER_VIEW_INT_H
#define TRICHTER_SERVER_VIEW_INT_H

#include "server/route_int.h"

struct view;
/* ERR_BUSY when all are borrowed for longer than a request may wait. */
bool view_borrow(struct server *s, struct view **v_r, err *e) MUST_CHECK;
void view_return(struct view **v);
struct snapshot *view_snapshot(struct view *v);

#endif
