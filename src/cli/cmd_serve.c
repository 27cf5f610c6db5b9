/*
 * cmd_serve.c - trichter serve: the server.
 *
 * Threads:      waits; the server's threads are its own.
 */
#include "cli/cli_int.h"

#include "server/server.h"

static const struct option options[] = {
	OPTION("listen", "HOST:PORT", "where; port 0 takes a free one (the setting listen)"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "serve", "the screens at http://127.0.0.1:8080" },
	{ "--data company serve --listen 0.0.0.0:8080", "reachable from other machines" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_serve = {
	.name = "serve",
	.words = "",
	.summary = "the server: collecting, the API and the screens",
	.about = "Serves one data directory until it is told to stop (SIGTERM, or Ctrl-C); then it "
		 "finishes what it has accepted. TLS is a reverse proxy's work.",
	.options = options,
	.examples = examples,
	.run = run,
};

struct serving {
	struct cli *cli;
	str host;
};

static void ready(void *arg, unsigned port, const char *setup_path)
{
	struct serving *s = arg;
	struct buf *out = &s->cli->out;
	err e = { 0 };
	buf_printf(out, "Serving %s on http://%.*s:%u\n", s->cli->data, STR_ARG(s->host), port);
	if (setup_path != NULL)
		buf_printf(out, "Set up the first administrator: http://%.*s:%u%s\n",
			   STR_ARG(s->host), port, setup_path);
	/* Nobody reads what we say: no reason not to serve. */
	if (!cli_flush(s->cli, &e))
		cli_note("trichter: %s", e.text);
}

/* A value of the settings as the server wants it. */
static const char *setting(struct cli *c, enum setting_id id)
{
	return str_cstr(&c->arena, c->settings.all[id].value);
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	static const enum access_log_what logs[] = { [SETTING_LOG_API] = ACCESS_LOG_API,
						     [SETTING_LOG_ALL] = ACCESS_LOG_ALL,
						     [SETTING_LOG_OFF] = ACCESS_LOG_OFF };
	const char *listen = args_text(a, "listen");
	struct serving s = { .cli = c };
	err e = { 0 };
	if (listen == NULL)
		listen = setting(c, SETTING_LISTEN);
	const char *proxies = setting(c, SETTING_TRUSTED_PROXIES);
	if (listen == NULL || proxies == NULL) {
		(void)arena_err(&c->arena, &e);
		return cli_fail(&e);
	}
	s.host = str_of(listen);
	while (s.host.n > 0 && s.host.p[s.host.n - 1] != ':')
		s.host.n--;
	s.host = str_sub(s.host, 0, s.host.n > 0 ? s.host.n - 1 : 0);
	const struct server_options o = {
		.data = c->data,
		.listen = listen,
		.trusted_proxies = proxies,
		.connections_max = c->settings.connections_max,
		.connections_per_client_max = c->settings.connections_per_client_max,
		.access_log = logs[c->settings.access_log],
		.tail_touches = c->settings.tail_touches,
		.stop = cli_stop_flag(),
		.ready = ready,
		.arg = &s,
	};
	return server_run(&o, &e) ? CLI_DONE : cli_fail(&e);
}
