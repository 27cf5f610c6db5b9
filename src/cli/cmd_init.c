/*
 * cmd_init.c - trichter init: an empty data directory.
 *
 * Promises:     asks nothing; a directory that holds something else stays as it is.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"

#include <stdlib.h>

static const struct option options[] = {
	OPTION("zone", "ZONE", "time zone of days and months: Europe/Berlin (UTC)"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "--data company init --zone Europe/Berlin", "a data directory named company" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_init = {
	.name = "init",
	.words = "",
	.summary = "an empty data directory",
	.about = "Makes the data directory (--data) with an empty journal and a settings file. "
		 "trichter demo makes one with a sample company instead.",
	.options = options,
	.examples = examples,
	.run = run,
};

static enum cli_status run(struct cli *c, const struct args *a)
{
	const char *zone = args_text(a, "zone");
	err e = { 0 };
	if (zone == NULL)
		zone = getenv("TRICHTER_ZONE");
	if (zone != NULL && zone[0] != '\0' && !zone_set(zone, &e)) {
		err_prefix(&e, "--zone");
		return cli_usage(a, &e);
	}
	if (!journal_init(c->data, &e) || !settings_make(c->data, str_of(zone), &e))
		return cli_fail(&e);
	buf_printf(&c->out, "An empty data directory is in %s.\n", c->data);
	return CLI_DONE;
}
