/*
 * view_int.h - what handlers read from: a snapshot that is up to date, for one request.
 *
 * What it is:   a handler borrows a view, reads, gives it back. Views are kept and brought up to
 *               date, not opened anew; there are VIEWS_MAX at most, each with the projections of
 *               everybody in memory. Those that read for long (funnels) may have VIEWS_LONG_MAX, so
 *               that a page never waits for them.
 * Promises:     a view that was borrowed after an acknowledged touch contains it. No read
 *               transaction outlives the loan.
 * Threads:      a borrowed view belongs to one thread.
 */
#ifndef TRICHTER_SERVER_VIEW_INT_H
#define TRICHTER_SERVER_VIEW_INT_H

#include "directory/directory.h"
#include "server/route_int.h"

#define VIEWS_MAX      4
#define VIEWS_LONG_MAX 2

struct view;
/* ERR_BUSY when all are borrowed for longer than a request may wait. */
bool view_borrow(struct server *s, struct view **v_r, err *e) MUST_CHECK;
/* The same for what may take seconds. */
bool view_borrow_long(struct server *s, struct view **v_r, err *e) MUST_CHECK;
void view_return(struct view **v); /* NULL is fine */
struct snapshot *view_snapshot(struct view *v);
/* Lists, counts and journeys over what the view knows. */
struct directory *view_directory(struct view *v);

#endif
