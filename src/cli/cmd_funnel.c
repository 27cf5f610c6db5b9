/*
 * cmd_funnel.c - trichter funnel: how many came how far.
 *
 * What it is:   options to a funnel_spec, the answer in the format that was asked for.
 * Promises:     every parameter of FUNNEL.md is an option of its name; what does not fit together
 * is refused, with the option that does not fit. Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/num.h"
#include "base/time.h"
#include "cli/cli_progress_int.h"
#include "cli/funnel_draw_int.h"
#include "funnel/saved.h"
#include "rule/rule.h"

#include <string.h>

static const struct option options[] = {
	OPTION("steps", "'A, B, ...'",
	       "touch names, stage:NAME, deal:NAME, [RULE] or *; before it may stand first: (first "
	       "time ever), optional:, anchor:; without: the lifecycle funnel"),
	OPTION("window", "D",
	       "within this of the first step: 14d, 8h, none (none when a step is a stage, "
	       "else 14d)"),
	OPTION("order", "ORDER",
	       "ordered (other touches may lie between), strict (the next touch is the next step), "
	       "strict_order (a touch out of turn is the end), any, or anchored (anchor:STEPs keep "
	       "their place)"),
	OPTION("profile", "NAME",
	       "counts as another system does: clickhouse, clickhouse_once, posthog, mixpanel, "
	       "retentioneering, umami; options given beside it hold"),
	OPTION("entry", "WHICH",
	       "any (the best attempt counts), first (the first one, until it times out) or each "
	       "(all of them: totals)"),
	OPTION("reuse", "HOW", "once (a touch fills one step) or multi (all that it matches)"),
	OPTION("ties", "HOW",
	       "touches of one instant: any order, by_step, increase (must be later), or a grace in "
	       "milliseconds within which they may be swapped: --ties 2000"),
	OPTION("repeat", "HOW", "ignore, or stop (a repeated step is the end)"),
	OPTION("exclude", "'STEP[:FROM-TO], ...'",
	       "must not lie between those steps, else between the first and the last: "
	       "--exclude 'unsubscribed:1-3'"),
	OPTION("exclude-policy", "HOW",
	       "an exclusion: end_attempt, drop_person, or reset (as if nothing had been)"),
	OPTION("hold", "PROPERTY",
	       "only touches of one value make a chain; up to three: --hold deal; session: of one "
	       "session"),
	OPTION("max-gap", "D",
	       "at most this from step to step; or a list from step 2 on: --max-gap '2d, none'"),
	OPTION("min-gap", "D", "at least this from step to step: --min-gap 1h"),
	OPTION("by", "PROPERTY",
	       "broken down by source, channel, campaign, country, any property; or two: A,B"),
	OPTION("of", "WHICH",
	       "the property of which touch: first, last, 'step N', all, or of the person"),
	OPTION("from", "TIME", "the first step lies at or after this: 2026-01-31, or a full time"),
	OPTION("to", "TIME", "... and before this"),
	OPTION("period", "NAME",
	       "instead of both: 30d, 90d, 12mo, month, last_month, quarter, last_quarter, year"),
	OPTION("tail", "HOW", "follow (later steps may lie after the period) or clip"),
	OPTION("where", "'RULE'", "only those for whom the rule holds"),
	OPTION("compare-where", "'RULE'",
	       "also count those for whom this rule holds, and say whether the difference is more "
	       "than chance"),
	OPTION("count", "WHAT", "people, companies, deals, totals (attempts) or sessions"),
	SWITCH("correlate", "which touches, values and traits come with conversion"),
	SWITCH("times", "median time from step to step, and within what 9 of 10 did it"),
	OPTION("trend", "UNIT", "by day, week or month of the first step"),
	OPTION("explain", "PERSON", "why this person came as far as they did"),
	OPTION("as-of", "WHEN", "only what was known then: a date, a time, or a touch's number"),
	OPTION("groups", "N", "at most so many groups, the rest summed (1000)"),
	OPTION("svg", "FILE", "a drawing for a slide"),
	OPTION("title", "TEXT", "the drawing's title; with --save, the funnel's"),
	OPTION("save", "NAME", "keeps what is asked under this name, for everybody"),
	SWITCH("pin", "with --save: shown on the home, too"),
	SWITCH("list", "the funnels that have a name"),
	OPTION("remove", "NAME", "takes the funnel of this name away"),
	OPTION("format", "FORMAT", "table, json or csv"),
	OPTION("view", "VIEW",
	       "cohort (who began in the period, followed on) or period (what happened in it)"),
	OPTION("compare", "WITH", "previous: the period before, as it stood at the same age"),
	SWITCH("details", "who is where now, who may still come, money, the period before"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "funnel", "the lifecycle funnel, visitor to customer" },
	{ "funnel --steps 'stage:mql, stage:customer' --by source",
	  "how many qualified leads of each source became customers" },
	{ "funnel --from 2026-01-01 --to 2026-04-01 --compare previous --details",
	  "a quarter beside the one before" },
	{ "funnel --steps 'page_viewed, form_submitted' --window 30d --trend month --times",
	  "visitors who filled in a form within 30 days, month by month" },
	{ "funnel --steps '[name = \"page_viewed\" and path ~ \"/pricing*\"], stage:sql'",
	  "from the price page to the sales talk" },
	{ "funnel --steps 'page_viewed, form_submitted' --window 7d --profile mixpanel",
	  "the number that Mixpanel would show" },
	{ "funnel --steps 'form_submitted, optional:demo_viewed, stage:sql' --exclude unsubscribed",
	  "with or without a demo, but not after unsubscribing" },
	{ "funnel --steps 'page_viewed, form_submitted' --entry each --max-gap 30min",
	  "every attempt, at most half an hour from step to step" },
	{ "funnel --steps 'form_submitted, stage:sql' --window 30d --save form-to-sql --pin",
	  "kept under a name, and shown on the home" },
	{ "funnel form-to-sql --period quarter --by source",
	  "the same by its name, for this quarter, by source" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_funnel = {
	.name = "funnel",
	.words = "[NAME]",
	.summary = "how many came how far, from step to step",
	.about = "Counts, for each step, who came at least that far. Without --steps it shows the "
		 "lifecycle funnel over the line of stages (config get stages).\n"
		 "\n"
		 "Every answer names the rules by which it was counted.",
	.options = options,
	.examples = examples,
	.words_max = 1,
	.run = run,
};

/* Each parameter that has one text, in their order: the profile first. */
static bool parameters_read(struct cli *c, const struct args *a, struct funnel_spec *spec, err *e)
{
	const char *name;
	for (size_t i = 0; (name = funnel_parameter_name(i)) != NULL; i++) {
		char option[32];
		size_t n = 0;
		for (; name[n] != '\0' && n + 1 < sizeof option; n++)
			option[n] = name[n] == '_' ? '-' : name[n];
		option[n] = '\0';
		const char *text = args_text(a, option);
		if (text != NULL && !funnel_parameter_set(&c->arena, spec, i, str_of(text), e))
			return err_prefix(e, "--%s", option);
	}
	return true;
}

static bool parameters_check(const struct funnel_spec *spec, err *e)
{
	const char *name = NULL;
	if (funnel_check(spec, &name, e))
		return true;
	return name ? err_prefix(e, "%s", name) : false;
}

/* "first", "last", "person", "step 2", "step2", "2" */
static bool of_read(const struct args *a, struct funnel_spec *spec, err *e)
{
	const char *text = args_text(a, "of");
	spec->of = FUNNEL_OF_FIRST;
	if (text == NULL || strcmp(text, "first") == 0)
		return true;
	if (spec->by.n == 0)
		return err_set(e, ERR_INVALID,
			       "--of says of which touch --by is; there is no --by");
	if (strcmp(text, "last") == 0) {
		spec->of = FUNNEL_OF_LAST;
		return true;
	}
	if (strcmp(text, "person") == 0) {
		spec->of = FUNNEL_OF_PERSON;
		return true;
	}
	if (strcmp(text, "all") == 0) {
		spec->of = FUNNEL_OF_ALL;
		return true;
	}
	str number = str_of(text);
	if (str_starts(number, S("step")))
		number = str_trim(str_sub(number, 4, number.n));
	bool all = str_ends(number, S(" all"));
	if (all)
		number = str_trim(str_sub(number, 0, number.n - 4));
	uint64_t n = 0;
	if (!num_parse_u64(number, &n) || n == 0 || n > FUNNEL_STEPS_MAX ||
	    (spec->steps_n > 0 && n > spec->steps_n))
		return err_set(
			e, ERR_INVALID,
			"--of is first, last, 'step N' with a step's number, all, or person, "
			"not \"%s\"",
			text);
	spec->of = all ? FUNNEL_OF_STEP_ALL : FUNNEL_OF_STEP;
	spec->of_step = (size_t)n;
	return true;
}

static bool period_read(const struct args *a, struct funnel_spec *spec, err *e)
{
	const char *name = args_text(a, "period");
	if (name == NULL)
		return true;
	if (args_text(a, "from") != NULL || args_text(a, "to") != NULL)
		return err_set(e, ERR_INVALID, "there is --period, or --from and --to, not both");
	return funnel_parse_period(str_of(name), spec->now_us, &spec->from_us, &spec->to_us, e) ||
	       err_prefix(e, "--period");
}

static bool times_read(const struct args *a, struct funnel_spec *spec, err *e)
{
	const char *from = args_text(a, "from");
	const char *to = args_text(a, "to");
	spec->from_us = INT64_MIN;
	spec->to_us = INT64_MAX;
	if (from != NULL && !time_parse(str_of(from), &spec->from_us, e))
		return err_prefix(e, "--from");
	if (to != NULL && !time_parse(str_of(to), &spec->to_us, e))
		return err_prefix(e, "--to");
	if (!period_read(a, spec, e))
		return false;
	if (spec->from_us >= spec->to_us)
		return err_set(e, ERR_INVALID, "--from %s is not before --to %s", from, to);
	return true;
}

static bool choices_read(const struct args *a, struct funnel_spec *spec, err *e)
{
	static const char *const units[] = { "day", "week", "month", NULL };
	static const char *const compares[] = { "none", "previous", NULL };
	size_t unit = 0, compare = 0;
	uint64_t groups = 0;
	if (!args_choice(a, "trend", units, 0, &unit, e) ||
	    !args_choice(a, "compare", compares, 0, &compare, e) ||
	    !args_count(a, "groups", 0, &groups, e))
		return false;
	spec->compare = compare != 0;
	spec->correlate = args_on(a, "correlate");
	spec->trend = args_text(a, "trend") != NULL;
	spec->trend_unit = (enum time_unit)unit;
	spec->groups_max = (size_t)groups;
	const char *by = args_text(a, "by");
	spec->by = by != NULL ? str_trim(str_of(by)) : S("");
	if (by != NULL && spec->by.n == 0)
		return err_set(e, ERR_INVALID, "--by wants the name of a property");
	return of_read(a, spec, e);
}

static bool spec_read(struct cli *c, const struct args *a, struct funnel_spec *spec, err *e)
{
	*spec = (struct funnel_spec){ .now_us = time_now_us() };
	const char *steps = args_text(a, "steps");
	if (steps != NULL) {
		struct funnel_step *list = NULL;
		if (!funnel_parse_steps(&c->arena, str_of(steps), &list, &spec->steps_n, e))
			return err_prefix(e, "--steps");
		spec->steps = list;
	}
	return times_read(a, spec, e) && parameters_read(c, a, spec, e) &&
	       choices_read(a, spec, e) && parameters_check(spec, e);
}

/* What needs the data: the line of stages and the fields that --where may name. */
static bool spec_complete(struct cli *c, const struct args *a, struct snapshot *s,
			  struct funnel_spec *spec, bool *usage_r, err *e)
{
	str *stages = NULL;
	*usage_r = false;
	if (!cli_stages(c, s, &stages, &spec->stages_n, e))
		return false;
	spec->stages = stages;
	static const char *const options_of_rules[] = { "where", "compare-where" };
	const struct rule **rules[] = { &spec->where, &spec->compare_where };
	struct rule_catalogue catalogue;
	if (!people_catalogue(snapshot_people(s), funnel_entity(spec->count), &c->arena, &catalogue,
			      e))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const char *where = args_text(a, options_of_rules[i]);
		if (where == NULL || rule_parse(&c->arena, str_of(where), &catalogue, rules[i], e))
			continue;
		*usage_r = true;
		return err_prefix(e, "--%s", options_of_rules[i]);
	}
	return true;
}

static bool svg_write(const struct args *a, const struct funnel_result *r, err *e)
{
	const char *path = args_text(a, "svg");
	const char *title = args_text(a, "title");
	struct buf b;
	if (path == NULL)
		return true;
	buf_init(&b, 64 * MIB);
	funnel_print_svg(r, title != NULL ? str_of(title) : S(""), &b);
	bool ok = buf_ok(&b, e) && fs_write_all(fs_real(), path, buf_view(&b), e);
	buf_fini(&b);
	return ok || err_prefix(e, "--svg %s", path);
}

static void explanation_json(struct cli *c, const struct funnel_result *r,
			     const struct funnel_explanation *x)
{
	struct json_writer w;
	char text[TIME_TEXT_MAX];
	json_writer_init(&w, &c->out, false);
	json_object_open(&w);
	json_key(&w, S("person"));
	json_put_uint(&w, x->subject);
	json_key(&w, S("level"));
	json_put_uint(&w, x->level);
	json_key(&w, S("steps"));
	json_put_uint(&w, r->steps_n);
	json_key(&w, S("chain"));
	json_array_open(&w);
	for (size_t i = 0; i < x->level; i++) {
		json_object_open(&w);
		json_key(&w, S("step"));
		json_put_text(&w, r->steps[r->spec.steps_n > 0 ? x->step[i] : i].name);
		json_key(&w, S("at"));
		json_put_text(&w, time_print(text, x->chain[i].at_us));
		json_key(&w, S("name"));
		json_put_text(&w, x->chain[i].name);
		json_key(&w, S("seq"));
		json_put_uint(&w, x->chain[i].seq);
		json_object_close(&w);
	}
	json_array_close(&w);
	json_key(&w, S("why_stopped"));
	if (x->why_stopped.n > 0)
		json_put_text(&w, x->why_stopped);
	else
		json_put_null(&w);
	json_key(&w, S("why_stopped_de"));
	if (x->why_stopped_de.n > 0)
		json_put_text(&w, x->why_stopped_de);
	else
		json_put_null(&w);
	json_object_close(&w);
	buf_byte(&c->out, '\n');
}

static enum cli_status explain(struct cli *c, struct snapshot *s, const struct funnel_result *r,
			       const char *word, enum format format)
{
	struct funnel_explanation x = { 0 };
	uint64_t subject = 0;
	bool found = false;
	err e = { 0 };
	if (!cli_person(c, s, word, &subject, &found, &e))
		return cli_fail(&e);
	if (!found)
		return CLI_NEGATIVE;
	if (!funnel_explain(s, &r->spec, subject, &c->arena, &x, &e))
		return cli_fail(&e);
	if (format == FORMAT_JSON)
		explanation_json(c, r, &x);
	else if (!funnel_draw_explanation(c, r, &x, &e))
		return cli_fail(&e);
	return CLI_DONE;
}

static bool show_progress(void *arg, struct funnel_watch *w)
{
	progress_show(arg, atomic_load(&w->done), atomic_load(&w->done), atomic_load(&w->all));
	return true;
}

static enum cli_status answer(struct cli *c, const struct args *a, struct snapshot *s,
			      const struct funnel_spec *spec, enum format format)
{
	struct funnel_result r = { 0 };
	struct funnel_spec asked = *spec;
	struct progress progress;
	struct funnel_watch watch = { .tick = show_progress, .arg = &progress };
	err e = { 0 };
	progress_begin(&progress);
	progress.unit = "touches";
	asked.watch = progress.term.is_terminal ? &watch : NULL;
	bool ok = funnel_run(s, &asked, &c->arena, &r, &e);
	progress_end(&progress);
	if (!ok || !svg_write(a, &r, &e))
		return cli_fail(&e);
	if (args_text(a, "explain") != NULL)
		return explain(c, s, &r, args_text(a, "explain"), format);
	if (format == FORMAT_JSON) {
		funnel_print_json(&r, &c->out);
		if (c->out.n > 0 && c->out.p[c->out.n - 1] != '\n')
			buf_byte(&c->out, '\n');
	} else if (format == FORMAT_CSV) {
		funnel_print_csv(&r, &c->out);
	} else if (!funnel_draw(c, &r, args_on(a, "times"), args_on(a, "details"), &e)) {
		return cli_fail(&e);
	}
	return r.steps_n > 0 && r.steps[0].count == 0 ? CLI_NEGATIVE : CLI_DONE;
}

static enum cli_status ask(struct cli *c, const struct args *a, struct snapshot *s,
			   enum format format)
{
	struct funnel_spec spec;
	struct args full = *a;
	bool usage = false;
	err e = { 0 };
	if (a->words_n > 0 && !funnel_saved_args(c, a, s, &full, &e)) {
		(void)cli_fail(&e);
		return e.code == ERR_NOT_FOUND ? CLI_NEGATIVE : CLI_FAILED;
	}
	if (!spec_read(c, &full, &spec, &e))
		return cli_usage(a, &e);
	if (!spec_complete(c, &full, s, &spec, &usage, &e))
		return usage ? cli_usage(a, &e) : cli_fail(&e);
	if (args_text(a, "save") != NULL && !funnel_saved_keep(c, &full, s, &e))
		return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	return answer(c, &full, s, &spec, format);
}

/* --list and --remove: nothing is counted. */
static enum cli_status manage(struct cli *c, const struct args *a, struct snapshot *s)
{
	const char *name = args_text(a, "remove");
	err e = { 0 };
	if (name != NULL ? funnel_saved_remove(c, s, str_of(name), &e)
			 : funnel_saved_list(c, a, s, &e))
		return CLI_DONE;
	enum cli_status status = cli_fail(&e);
	return e.code == ERR_NOT_FOUND ? CLI_NEGATIVE : status;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct snapshot *s = NULL;
	enum format format = FORMAT_TABLE;
	err e = { 0 };
	if (!args_format(a, &format, &e))
		return cli_usage(a, &e);
	if (format == FORMAT_CSV && args_text(a, "explain") != NULL) {
		err_set(&e, ERR_INVALID, "--explain comes as table or json");
		return cli_usage(a, &e);
	}
	if (args_on(a, "pin") && args_text(a, "save") == NULL) {
		err_set(&e, ERR_INVALID, "--pin goes with --save NAME");
		return cli_usage(a, &e);
	}
	struct funnel_spec typed;
	if (a->words_n == 0 && !spec_read(c, a, &typed, &e))
		return cli_usage(a, &e);
	if (!cli_snapshot(c, a, &s, &e))
		return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	bool manages = args_on(a, "list") || args_text(a, "remove") != NULL;
	enum cli_status status = manages ? manage(c, a, s) : ask(c, a, s, format);
	snapshot_close(&s);
	return status;
}
