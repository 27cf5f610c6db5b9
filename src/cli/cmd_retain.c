/*
 * cmd_retain.c - trichter retain: what was kept for long enough leaves now.
 *
 * Promises:     nothing leaves without --yes, nor without a period in the settings; what happens
 *               and what stays is said before.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"

static const struct option options[] = {
	OPTION("yes", NULL, "the old touches leave, and it cannot be taken back"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "config set privacy '{\"retention\":24}'", "two years are kept" },
	{ "retain --yes", "what is older leaves now" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_retain = {
	.name = "retain",
	.words = "",
	.summary = "removes what was kept for longer than the settings say",
	.about = "Touches older than the months of retention in privacy, of people who are no "
		 "customers and in no deal that was won, leave every answer and every file. What "
		 "is known of a person stays, and so does what joins people or is about a deal. "
		 "The server does it by itself once a day; this command does it at once, while no "
		 "server runs.",
	.options = options,
	.examples = examples,
	.run = run,
};

static bool state_of(struct cli *c, struct retention_state *r, err *e)
{
	struct snapshot *s = NULL;
	bool ok = snapshot_open(c->data, 0, &s, e) && snapshot_retention(s, r, e);
	snapshot_close(&s);
	return ok;
}

static bool retain_now(struct cli *c, int64_t before_us, struct retention *r, err *e)
{
	struct journal *j = NULL;
	if (!journal_join(c->data, &j, e))
		return false;
	bool ok = journal_retain(j, before_us, r, e);
	journal_close(&j);
	return ok;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct retention_state state;
	struct retention r = { 0 };
	char at[TIME_TEXT_MAX];
	err e = { 0 };
	if (!state_of(c, &state, &e))
		return cli_fail(&e);
	if (state.months == 0) {
		err_set(&e, ERR_INVALID,
			"everything is kept without end: say how long with trichter config set "
			"privacy '{\"retention\":MONTHS}', or on the privacy page");
		return cli_usage(a, &e);
	}
	int64_t before_us = journal_retention_before(state.months, time_now_us());
	if (args_text(a, "yes") == NULL) {
		err_set(&e, ERR_INVALID,
			"touches before %.*s of people who are no customers would leave for ever. "
			"Say --yes to do it",
			STR_ARG(time_print_local(at, before_us)));
		return cli_usage(a, &e);
	}
	if (!retain_now(c, before_us, &r, &e))
		return cli_fail(&e);
	put_plural(&c->out, r.touches, "touch has", "touches have");
	buf_printf(&c->out, " left; nothing before %.*s is kept but what still holds.\n",
		   STR_ARG(time_print_local(at, before_us)));
	if (r.waiting)
		buf_cstr(&c->out, "An import that is open keeps some of them in the files until "
				  "it is finished.\n");
	return CLI_DONE;
}
