/*
 * server.c - one process that serves a data directory.
 *
 * What it is:   opens the parts in order, waits for the stop, closes them in reverse.
 * Threads:      server_run's caller waits; everything happens on the parts' threads.
 */
#include "server/auth_actor_int.h"
#include "server/once_int.h"

#include "base/log.h"
#include "base/time.h"

#include <unistd.h>

#define STOP_WAIT_US (10 * US_PER_S)
#define STOP_LOOK_US 50000
/* Calls that wait for a commit together, one touch each or many. */
#define QUEUE_BATCHES_MAX 16384

struct journal *server_journal(struct server *s)
{
	return s->journal;
}

const char *server_data(const struct server *s)
{
	return s->options.data;
}

struct imports *server_imports(struct server *s)
{
	return s->imports;
}

static bool imports_begin(struct server *s, err *e)
{
	const struct imports_options o = { .data = s->options.data,
					   .journal = s->journal,
					   .changed = live_import_changed,
					   .arg = s };
	return imports_open(&o, &s->imports, e);
}

static bool access_begin(struct server *s, err *e)
{
	const struct auth_options o = { .dir = s->options.data, .serves = true };
	return auth_open(s->journal, &o, &s->auth, e);
}

static bool parts_open(struct server *s, err *e)
{
	mutex_init(&s->changing);
	const struct journal_options o = { .queue_batches_max = QUEUE_BATCHES_MAX,
					   .tail_touches_max = s->options.tail_touches };
	return journal_open(s->options.data, &o, &s->journal, e) && views_open(s, e) &&
	       funnels_open(s, e) && touch_names_open(s, e) && access_begin(s, e) &&
	       collect_open(s, e) && once_open(&s->once, e) && imports_begin(s, e) &&
	       live_open(s, e) && routes_open(s, e) && metrics_open(s, e) &&
	       journal_listen(s->journal, e);
}

static void parts_close(struct server *s)
{
	metrics_close(s);
	routes_close(s);
	imports_close(&s->imports); /* its thread tells live */
	live_close(s);
	once_close(&s->once);
	auth_close(&s->auth);
	touch_names_close(s);
	funnels_close(s);
	views_close(s);
	journal_close(&s->journal);
	collect_close(s); /* the writer answered calls until its end */
	mutex_fini(&s->changing);
}

/* Whoever reads the console may make the first administrator. */
static void tell_ready(struct server *s)
{
	char path[sizeof "/setup#" + TOKEN_TEXT_MAX] = "/setup#";
	setup_begin(s->auth, path + sizeof "/setup#" - 1);
	bool first = path[sizeof "/setup#" - 1] != '\0';
	s->options.ready(s->options.arg, http_server_port(s->http), first ? path : NULL);
}

bool server_run(const struct server_options *o, err *e)
{
	struct server s = { .options = *o };
	const struct http_options http = {
		.listen = o->listen,
		.trusted_proxies = o->trusted_proxies,
		.connections_max = o->connections_max,
		.connections_per_client_max = o->connections_per_client_max,
		.plan = route_plan,
		.refuse = route_refuse,
		.done = metrics_done,
		.arg = &s,
	};
	bool ok = parts_open(&s, e) && http_server_start(&http, &s.http, e);
	if (ok) {
		log_event(LOG_INFO, "serving", "port=%u", http_server_port(s.http));
		if (o->ready != NULL)
			tell_ready(&s);
		while (!*o->stop)
			usleep(STOP_LOOK_US);
		log_event(LOG_INFO, "stopping", "wait_s=%d", (int)(STOP_WAIT_US / US_PER_S));
		http_server_stop(&s.http, STOP_WAIT_US);
	}
	parts_close(&s);
	return ok;
}
