/*
 * cmd_journey.c - trichter journey: everything that happened with one person, in order.
 *
 * What it is:   a head (who, stage, sources, permission), then the touches; runs of alike touches
 *               are one line; what entered a stage stands out with its reason and rule.
 * Promises:     json and csv hold every touch, folded or not.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"

#include <string.h>

/* Touches of one name, one source and one day fold into one line from so many on. */
#define FOLD_MIN	 3
#define DETAIL_PROPS	 4
#define DETAIL_BYTES_MAX (16 * MIB)

static const struct option options[] = {
	SWITCH("all", "every touch on a line of its own"),
	OPTION("as-of", "WHEN", "only what was known then: a date, a time, or a touch's number"),
	OPTION("format", "FORMAT", "table, json or csv"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "journey anna@example.com", "by e-mail address" },
	{ "journey olist:4f1c --all --format json", "by the id of another system" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_journey = {
	.name = "journey",
	.words = "PERSON",
	.summary = "every touch of one person, in order",
	.about = "PERSON is an e-mail address, a user id, an anonymous id, an id of another system "
		 "(system:id), or a number as trichter people shows it.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};

struct journey {
	struct people *people;
	uint64_t subject;
	bool all; /* joins too; they stand below the journey */
	struct history history;
	struct edge_info *edges;
	size_t edges_n;
};

static bool only_joins(const struct touch *t)
{
	return str_eq(t->name, S("person_identified")) &&
	       (touch_prop(t, S("profile")).kind != VALUE_NONE ||
		touch_prop(t, S("device")).kind != VALUE_NONE);
}

static uint64_t keep(void *arg, const struct touch *t)
{
	const struct journey *j = arg;
	if (!j->all && only_joins(t))
		return 0;
	if (t->person == 0 || people_subject_of(j->people, t->person) != j->subject)
		return 0;
	return j->subject;
}

static bool enters_stage(const struct touch *t)
{
	return str_eq(t->name, S("stage_entered")) || str_eq(t->name, S("deal_stage_entered"));
}

static str prop_text(const struct touch *t, str key)
{
	value v = touch_prop(t, key);
	return v.kind == VALUE_TEXT ? v.text : S("");
}

static enum style touch_style(const struct touch *t)
{
	static const str sales[] = {
		{ "sal", 3 }, { "sql", 3 }, { "opportunity", 11 }, { "customer", 8 }
	};
	if (str_starts(t->name, S("lead_disqualified")) || str_eq(t->name, S("deal_lost")))
		return STYLE_BAD;
	if (str_starts(t->name, S("deal_")))
		return STYLE_SALES;
	if (!enters_stage(t))
		return STYLE_PLAIN;
	for (size_t i = 0; i < ARRAY_LEN(sales); i++) {
		if (str_eq(prop_text(t, S("stage")), sales[i]))
			return STYLE_SALES;
	}
	return STYLE_MARKETING;
}

/* "-> mql (from lead)", then the reason and the rule that decided. */
static void put_stage(struct buf *b, const struct touch *t)
{
	str from = prop_text(t, S("from"));
	str reason = prop_text(t, S("reason"));
	buf_printf(b, "-> %.*s", STR_ARG(prop_text(t, S("stage"))));
	if (from.n > 0)
		buf_printf(b, " (from %.*s)", STR_ARG(from));
	if (reason.n > 0)
		buf_printf(b, ": %.*s", STR_ARG(reason));
	if (t->rule.n > 0)
		buf_printf(b, ", by rule %.*s", STR_ARG(t->rule));
	if (t->cause > 0)
		buf_printf(b, ", after touch %llu", (unsigned long long)t->cause);
}

/* The first few properties: enough to recognise a touch by. */
static void put_props(struct buf *b, const struct touch *t)
{
	size_t shown = 0;
	for (size_t i = 0; i < t->props_n && shown < DETAIL_PROPS; i++) {
		if (t->props[i].value.kind == VALUE_NONE)
			continue;
		buf_printf(b, "%s%.*s ", shown > 0 ? ", " : "", STR_ARG(t->props[i].key));
		value_print(b, t->props[i].value);
		shown++;
	}
	if (t->props_n > shown && shown == DETAIL_PROPS)
		buf_cstr(b, ", ...");
}

static bool detail_of(struct arena *a, const struct touch *t, str *text_r, err *e)
{
	struct buf b;
	buf_init(&b, DETAIL_BYTES_MAX);
	if (enters_stage(t))
		put_stage(&b, t);
	else
		put_props(&b, t);
	*text_r = str_dup(a, buf_view(&b));
	bool ok = buf_ok(&b, e) && (text_r->p != NULL || b.n == 0 || arena_err(a, e));
	buf_fini(&b);
	return ok;
}

static str source_of(struct arena *a, const struct touch *t)
{
	const struct origin *o = &t->origin;
	str source = o->source.n > 0 ? o->source : o->referrer;
	if (source.n == 0)
		return t->channel;
	if (o->campaign.n > 0)
		return str_printf(a, "%.*s / %.*s", STR_ARG(source), STR_ARG(o->campaign));
	return source;
}

/* ---- for people ------------------------------------------------------------------------------ */

static bool alike(const struct touch *a, const struct touch *b)
{
	return str_eq(a->name, b->name) && !enters_stage(a) && a->import == b->import &&
	       str_eq(a->origin.source, b->origin.source) &&
	       str_eq(a->origin.campaign, b->origin.campaign) &&
	       time_floor(a->at_us, TIME_DAY) == time_floor(b->at_us, TIME_DAY);
}

static bool add_line(struct cli *c, struct table *t, const struct touch *first, size_t run, err *e)
{
	char text[TIME_TEXT_MAX];
	struct arena *a = &c->arena;
	enum style style = touch_style(first);
	str at = str_dup(a, time_print_local(text, first->at_us));
	str name = str_dup(a, first->name);
	str detail;
	if (!detail_of(a, first, &detail, e))
		return false;
	if (run > 1) {
		int64_t span = first[run - 1].at_us - first->at_us;
		name = str_printf(a, "%zu x %.*s", run, STR_ARG(first->name));
		detail = span > 0 ? str_printf(a, "within %.*s",
					       STR_ARG(duration_print_short(text, span)))
				  : S("at once");
	}
	str cells[] = { at, name, source_of(a, first), detail };
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		enum style cell_style = i == 0 || i == 2 ? STYLE_GREY : style;
		struct table_cell cell = { value_text(cells[i]), cells[i], cell_style };
		if (cell.text.p == NULL)
			cell.text = S("");
		if (!table_add(t, cell, e))
			return false;
	}
	return true;
}

static bool put_touches(struct cli *c, const struct journey *j, bool all, err *e)
{
	static const struct table_column columns[] = {
		{ { "at", 2 }, { "time", 4 }, ALIGN_LEFT, false },
		{ { "name", 4 }, { "touch", 5 }, ALIGN_LEFT, false },
		{ { "source", 6 }, { "source", 6 }, ALIGN_LEFT, true },
		{ { "detail", 6 }, { "", 0 }, ALIGN_LEFT, true },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	bool ok = true;
	for (size_t i = 0; ok && i < j->history.n;) {
		size_t run = 1;
		while (!all && i + run < j->history.n &&
		       alike(&j->history.touches[i], &j->history.touches[i + run]))
			run++;
		if (run < FOLD_MIN)
			run = 1;
		ok = add_line(c, &t, &j->history.touches[i], run, e);
		i += run;
	}
	if (ok)
		table_put_text(&t, &c->term, &c->arena, &c->out);
	table_fini(&t);
	return ok;
}

static void put_origin_way(struct cli *c, const struct subject_view *v)
{
	struct buf *b = &c->out;
	str first = v->first_origin.source.n > 0 ? v->first_origin.source : v->first_channel;
	str latest = v->latest_origin.source.n > 0 ? v->latest_origin.source : v->latest_channel;
	if (first.n == 0 && latest.n == 0)
		return;
	buf_cstr(b, "First source ");
	text_put_clean(b, first);
	if (latest.n > 0 && !str_eq(first, latest)) {
		buf_cstr(b, ", latest ");
		text_put_clean(b, latest);
	}
	buf_cstr(b, ".\n");
}

static void put_head(struct cli *c, const struct subject_view *v)
{
	struct buf *b = &c->out;
	char text[TIME_TEXT_MAX];
	value stage = subject_cell(v, S("stage"));
	value since = subject_cell(v, S("stage_since"));
	terminal_put(&c->term, b, STYLE_BOLD, subject_name(v, &c->arena));
	buf_printf(b, "  person %llu", (unsigned long long)v->subject);
	if (stage.kind == VALUE_TEXT) {
		buf_cstr(b, ", ");
		text_put_clean(b, stage.text);
	}
	if (since.kind == VALUE_TIME)
		buf_printf(b, " since %.*s", STR_ARG(time_print_local(text, since.i)));
	buf_byte(b, '\n');
	put_origin_way(c, v);
	buf_byte(b, '\n');
}

static void put_edges(struct cli *c, const struct journey *j)
{
	struct buf *b = &c->out;
	char text[TIME_TEXT_MAX];
	if (j->edges_n == 0)
		return;
	buf_cstr(b, "\nOne person, because:\n");
	for (size_t i = 0; i < j->edges_n; i++) {
		const struct edge_info *edge = &j->edges[i];
		buf_printf(b, "  %.*s  profiles %llu and %llu: ",
			   STR_ARG(time_print_local(text, edge->at_us)),
			   (unsigned long long)edge->a, (unsigned long long)edge->b);
		text_put_clean(b, edge->why);
		buf_cstr(b, edge->refused ? " (refused)\n"
			    : edge->cut	  ? " (separated again)\n"
					  : "\n");
	}
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void put_json(struct cli *c, const struct journey *j)
{
	struct json_writer w;
	json_writer_init(&w, &c->out, false);
	json_object_open(&w);
	json_key(&w, S("person"));
	json_put_uint(&w, j->subject);
	json_key(&w, S("touches"));
	json_array_open(&w);
	for (size_t i = 0; i < j->history.n; i++)
		put_json_touch(&w, &j->history.touches[i]);
	json_array_close(&w);
	json_key(&w, S("joins"));
	put_json_edges(&w, j->edges, j->edges_n);
	json_object_close(&w);
	buf_byte(&c->out, '\n');
}

static bool put_csv(struct cli *c, const struct journey *j, err *e)
{
	static const struct table_column columns[] = {
		{ { "seq", 3 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "at", 2 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "name", 4 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "channel", 7 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "source", 6 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "medium", 6 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "campaign", 8 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "rule", 4 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "detail", 6 }, { "", 0 }, ALIGN_LEFT, false },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	bool ok = true;
	for (size_t i = 0; ok && i < j->history.n; i++) {
		const struct touch *touch = &j->history.touches[i];
		str detail = S("");
		ok = detail_of(&c->arena, touch, &detail, e);
		const value cells[] = {
			value_int((int64_t)touch->seq),
			value_time(touch->at_us),
			value_text(touch->name),
			value_text(touch->channel),
			value_text(touch->origin.source),
			value_text(touch->origin.medium),
			value_text(touch->origin.campaign),
			value_text(touch->rule),
			value_text(detail),
		};
		for (size_t k = 0; ok && k < ARRAY_LEN(cells); k++)
			ok = table_add(&t, (struct table_cell){ .value = cells[k] }, e);
	}
	if (ok)
		table_put_csv(&t, true, &c->out);
	table_fini(&t);
	return ok;
}

static bool answer(struct cli *c, const struct args *a, struct snapshot *s, struct journey *j,
		   enum format format, err *e)
{
	struct subject_view view;
	if (!people_view(j->people, j->subject, &c->arena, &view, e) ||
	    !history_of_person(s, j->subject, keep, j, &c->arena, &j->history, e) ||
	    !people_edges(j->people, j->subject, &c->arena, &j->edges, &j->edges_n, e))
		return false;
	if (format == FORMAT_JSON) {
		put_json(c, j);
		return true;
	}
	if (format == FORMAT_CSV)
		return put_csv(c, j, e);
	put_head(c, &view);
	if (!put_touches(c, j, args_on(a, "all"), e))
		return false;
	put_edges(c, j);
	return true;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct journey j = { 0 };
	struct snapshot *s = NULL;
	enum format format = FORMAT_TABLE;
	bool found = false;
	err e = { 0 };
	if (!args_format(a, &format, &e))
		return cli_usage(a, &e);
	if (!cli_snapshot(c, a, &s, &e))
		return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	j.people = snapshot_people(s);
	j.all = format != FORMAT_TABLE || args_on(a, "all");
	enum cli_status status = CLI_DONE;
	if (!cli_person(c, s, a->words[0], &j.subject, &found, &e))
		status = cli_fail(&e);
	else if (!found)
		status = CLI_NEGATIVE;
	else if (!answer(c, a, s, &j, format, &e))
		status = cli_fail(&e);
	snapshot_close(&s);
	return status;
}
