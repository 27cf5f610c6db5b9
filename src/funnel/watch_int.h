/*
 * watch_int.h - a thread that looks after a query.
 *
 * What it is:   private to funnel/.
 */
#ifndef TRICHTER_FUNNEL_WATCH_INT_H
#define TRICHTER_FUNNEL_WATCH_INT_H

#include "base/thread.h"
#include "funnel/funnel.h"

struct monitor {
	struct funnel_watch *watch;
	struct thread thread;
	struct mutex lock;
	struct cond changed;
	bool runs, over;
};
/* Nothing when there is no watch, or it asks nothing. monitor_end in any case. */
bool monitor_begin(struct monitor *m, struct funnel_watch *watch, err *e) MUST_CHECK;
void monitor_end(struct monitor *m);

#endif
