/*
 * view.c - what handlers read from: a snapshot for one request.
 *
 * Threads:      any; a borrowed view belongs to one thread.
 */
#include "server/server_int.h"

#include "base/mem.h"

struct view {
	struct snapshot *snapshot;
};

bool views_open(struct server *s, err *e)
{
	(void)s;
	(void)e;
	return true;
}

void views_close(struct server *s)
{
	(void)s;
}

bool view_borrow(struct server *s, struct view **v_r, err *e)
{
	struct view *v = mem_zalloc(1, sizeof *v);
	if (v == NULL)
		return err_nomem(e);
	if (!snapshot_open(s->options.data, 0, &v->snapshot, e)) {
		mem_free(v);
		return false;
	}
	*v_r = v;
	return true;
}

void view_return(struct view **v)
{
	if (*v == NULL)
		return;
	snapshot_close(&(*v)->snapshot);
	mem_free(*v);
	*v = NULL;
}

struct snapshot *view_snapshot(struct view *v)
{
	return v->snapshot;
}
