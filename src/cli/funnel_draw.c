/*
 * funnel_draw.c - the drawing of a funnel: flat bars, figures right-aligned, rules in grey.
 *
 * What it is:   SCREENS.md's home screen in characters: a headline with the truth of the period, a
 *               row per step, then groups and trend as tables.
 * Promises:     bars are exact to an eighth of a character; nothing is wider than the terminal.
 * Threads:      one at a time.
 */
#include "cli/funnel_draw_int.h"

#include "base/time.h"

#include <math.h>
#include <string.h>

#define FACTORS_SHOWN	  ((size_t)20)
#define DRAW_COLUMNS_MAX  100
#define LABEL_COLUMNS_MAX 32
#define BAR_COLUMNS_MIN	  8
#define RATE_COLUMNS	  13
#define TIME_COLUMNS	  12
/* A first bar more than this many times the second is broken, so that the rest can be seen. */
#define BAR_DWARFS 4

static bool step_is_stage(const struct funnel_spec *spec, size_t i)
{
	return spec->steps_n == 0 || (i < spec->steps_n && spec->steps[i].kind == STEP_STAGE);
}

static str stage_of(str name)
{
	return str_starts(name, S("stage:")) ? str_sub(name, 6, name.n) : name;
}

str funnel_step_label(struct arena *a, const struct funnel_spec *spec, size_t i, str name)
{
	if (!step_is_stage(spec, i))
		return name;
	str stage = stage_of(name);
	char *text = str_cstr(a, stage);
	if (text == NULL)
		return stage;
	/* MQL, SAL, SQL are abbreviations; longer stages are words. */
	size_t capitals = stage.n <= 3 ? stage.n : 1;
	for (size_t k = 0; k < capitals; k++) {
		if (text[k] >= 'a' && text[k] <= 'z')
			text[k] = (char)(text[k] - 'a' + 'A');
	}
	return str_make(text, stage.n);
}

enum style funnel_step_style(const struct funnel_spec *spec, size_t i, str name)
{
	static const char *const sales[] = { "sal", "sql", "opportunity", "customer" };
	if (i < spec->steps_n && spec->steps[i].kind == STEP_DEAL_STAGE)
		return STYLE_SALES;
	for (size_t k = 0; step_is_stage(spec, i) && k < ARRAY_LEN(sales); k++) {
		if (str_eq(stage_of(name), str_of(sales[k])))
			return STYLE_SALES;
	}
	return STYLE_MARKETING;
}

static void put_spaces(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_byte(b, ' ');
}

static void put_right(const struct terminal *t, struct buf *b, size_t columns, enum style style,
		      str text)
{
	size_t width = MIN(text_width(text), columns);
	put_spaces(b, columns - width);
	terminal_put(t, b, style, text);
}

/* Full blocks and one of eight parts of a block; '#' where the terminal has no such characters. */
static void put_bar(const struct terminal *t, struct buf *b, size_t columns, double share,
		    enum style style, bool broken)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	size_t parts = (size_t)llround(share * (double)columns * 8.0);
	if (share > 0.0 && parts == 0)
		parts = 1;
	size_t full = parts / 8;
	size_t used = full + (parts % 8 != 0 ? 1 : 0);
	terminal_style(t, b, style);
	for (size_t i = 0; i < full; i++) {
		bool gap = broken && (i == full * 2 / 3 || i == full * 2 / 3 + 1);
		buf_cstr(b, gap ? (t->utf8 ? "╱" : "/") : (t->utf8 ? "█" : "#"));
	}
	if (parts % 8 != 0)
		buf_cstr(b, t->utf8 ? eighths[parts % 8] : "#");
	terminal_style(t, b, STYLE_PLAIN);
	put_spaces(b, columns > used ? columns - used : 0);
}

struct layout {
	size_t label, count, bar;
	bool from_first, times;
	const char *unit;
};

static const char *unit_of(const struct funnel_spec *spec)
{
	static const char *const units[] = { "people", "companies", "deals", "attempts",
					     "sessions" };
	return units[spec->count];
}

static size_t room_of(const struct cli *c)
{
	return MIN(c->term.columns, (size_t)DRAW_COLUMNS_MAX);
}

static void layout_make(struct cli *c, const struct funnel_result *r, bool times, struct layout *l)
{
	char text[NUMBER_TEXT_MAX];
	*l = (struct layout){ .unit = unit_of(&r->spec), .from_first = true, .times = times };
	l->count = strlen(l->unit);
	for (size_t i = 0; i < r->steps_n; i++) {
		str label = funnel_step_label(&c->arena, &r->spec, i, r->steps[i].name);
		l->label = MAX(l->label, text_width(label));
		l->count = MAX(l->count, show_count(text, r->steps[i].count).n);
	}
	l->label = MIN(l->label, (size_t)LABEL_COLUMNS_MAX);
	size_t room = room_of(c);
	size_t fixed = l->label + 2 + l->count + 2 + 2 * RATE_COLUMNS +
		       (l->times ? 2 * TIME_COLUMNS : 0);
	if (fixed + BAR_COLUMNS_MIN > room) {
		l->from_first = false;
		fixed -= RATE_COLUMNS;
	}
	if (fixed + BAR_COLUMNS_MIN > room)
		l->label = MIN(l->label, (size_t)12);
	l->bar = fixed + BAR_COLUMNS_MIN < room ? room - fixed : BAR_COLUMNS_MIN;
}

static void put_head(struct cli *c, const struct layout *l)
{
	struct buf *b = &c->out;
	const struct terminal *t = &c->term;
	put_spaces(b, l->label + 2);
	put_right(t, b, l->count, STYLE_GREY, str_of(l->unit));
	put_spaces(b, 2 + l->bar);
	put_right(t, b, RATE_COLUMNS, STYLE_GREY, S("from before"));
	if (l->from_first)
		put_right(t, b, RATE_COLUMNS, STYLE_GREY, S("from first"));
	if (l->times) {
		put_right(t, b, TIME_COLUMNS, STYLE_GREY, S("median"));
		put_right(t, b, TIME_COLUMNS, STYLE_GREY, S("9 of 10 in"));
	}
	buf_byte(b, '\n');
}

static str duration_or_dash(char text[TIME_TEXT_MAX], int64_t us)
{
	return us < 0 ? S("–") : duration_print_short(text, us);
}

static void put_step(struct cli *c, const struct funnel_result *r, const struct layout *l, size_t i,
		     uint64_t whole)
{
	struct buf *b = &c->out;
	const struct terminal *t = &c->term;
	const struct funnel_step_result *step = &r->steps[i];
	char text[NUMBER_TEXT_MAX];
	char time[TIME_TEXT_MAX];
	str label = funnel_step_label(&c->arena, &r->spec, i, step->name);
	double share = whole > 0 ? (double)step->count / (double)whole : 0.0;
	text_put_fitted(t, b, label, l->label);
	put_spaces(b, l->label - MIN(text_width(label), l->label) + 2);
	put_right(t, b, l->count, STYLE_PLAIN, show_count(text, step->count));
	put_spaces(b, 2);
	put_bar(t, b, l->bar, MIN(share, 1.0), funnel_step_style(&r->spec, i, step->name),
		share > 1.0);
	put_right(t, b, RATE_COLUMNS, STYLE_BOLD, show_rate(text, step->from_previous));
	if (l->from_first)
		put_right(t, b, RATE_COLUMNS, STYLE_PLAIN, show_rate(text, step->from_first));
	if (l->times) {
		put_right(t, b, TIME_COLUMNS, STYLE_GREY, duration_or_dash(time, step->median_us));
		put_right(t, b, TIME_COLUMNS, STYLE_GREY, duration_or_dash(time, step->p90_us));
	}
	buf_byte(b, '\n');
}

static bool put_headline(struct cli *c, const struct funnel_result *r, err *e)
{
	struct buf b;
	buf_init(&b, MIB);
	funnel_print_sentence(r, LANGUAGE_EN, &b);
	terminal_style(&c->term, &c->out, STYLE_BOLD);
	text_put_wrapped(&c->out, 0, 0, room_of(c), buf_view(&b));
	terminal_style(&c->term, &c->out, STYLE_PLAIN);
	buf_byte(&c->out, '\n');
	bool ok = buf_ok(&b, e);
	buf_fini(&b);
	return ok;
}

static void put_steps(struct cli *c, const struct funnel_result *r, bool times)
{
	struct layout l;
	layout_make(c, r, times, &l);
	put_head(c, &l);
	uint64_t whole = r->steps[0].count;
	uint64_t second = r->steps_n > 1 ? r->steps[1].count : 0;
	/* Visitors, and they alone, are many by nature. */
	if (r->spec.steps_n == 0 && second > 0 && whole / BAR_DWARFS > second)
		whole = second;
	for (size_t i = 0; i < r->steps_n; i++) {
		put_step(c, r, &l, i, whole);
		funnel_draw_exits(c, r, i, l.label + 2 + l.count + 2);
	}
}

static struct table_cell text_cell(struct arena *a, str text, enum style style)
{
	str copy = str_dup(a, text);
	return (struct table_cell){ value_text(copy), copy.p != NULL ? copy : S(""), style };
}

/* The counts of one row of groups or of the trend, and the rate from first to last. */
static bool add_counts(struct cli *c, struct table *t, const struct funnel_result *r,
		       const struct funnel_step_result *steps, err *e)
{
	char text[NUMBER_TEXT_MAX];
	for (size_t i = 0; i < r->steps_n; i++) {
		str count = show_count(text, steps[i].count);
		if (!table_add(t, text_cell(&c->arena, count, STYLE_PLAIN), e))
			return false;
	}
	str rate = show_rate(text, steps[r->steps_n - 1].from_first);
	return table_add(t, text_cell(&c->arena, rate, STYLE_BOLD), e);
}

/* Columns: what the rows are by, one per step, the rate. */
static bool counts_table(struct cli *c, const struct funnel_result *r, str title, struct table *t,
			 err *e)
{
	struct table_column *columns = ARENA_ARRAY(&c->arena, struct table_column, r->steps_n + 2);
	if (columns == NULL)
		return arena_err(&c->arena, e);
	columns[0] = (struct table_column){ title, title, ALIGN_LEFT, true };
	for (size_t i = 0; i < r->steps_n; i++) {
		str label = funnel_step_label(&c->arena, &r->spec, i, r->steps[i].name);
		columns[i + 1] = (struct table_column){ label, label, ALIGN_RIGHT, true };
	}
	columns[r->steps_n + 1] = (struct table_column){ S("rate"), S("first to last"), ALIGN_RIGHT,
							 false };
	*t = (struct table){ .columns = columns, .columns_n = r->steps_n + 2 };
	return true;
}

static bool put_groups(struct cli *c, const struct funnel_result *r, err *e)
{
	struct table t;
	struct buf b;
	if (!counts_table(c, r, r->spec.by, &t, e))
		return false;
	bool ok = true;
	buf_init(&b, MIB);
	for (size_t i = 0; ok && i < r->groups_n; i++) {
		const struct funnel_group *g = &r->groups[i];
		bool none = !g->other && g->value.kind == VALUE_NONE;
		buf_clear(&b);
		if (g->other)
			buf_cstr(&b, "(other)");
		else if (none)
			buf_cstr(&b, "(without)");
		else
			value_print(&b, g->value);
		enum style style = none || g->other ? STYLE_GREY : STYLE_PLAIN;
		ok = buf_ok(&b, e) && table_add(&t, text_cell(&c->arena, buf_view(&b), style), e) &&
		     add_counts(c, &t, r, g->steps, e);
	}
	buf_fini(&b);
	if (ok) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
	}
	table_fini(&t);
	return ok;
}

/* Those counted and the others, side by side. */
static bool put_versus(struct cli *c, const struct funnel_result *r, err *e)
{
	const struct funnel_versus *v = r->versus;
	double p = v->p_value[r->steps_n - 1];
	struct table t;
	if (!counts_table(c, r, S("group"), &t, e))
		return false;
	bool ok = table_add(&t, text_cell(&c->arena, S("counted"), STYLE_PLAIN), e) &&
		  add_counts(c, &t, r, r->steps, e) &&
		  table_add(&t, text_cell(&c->arena, S("compared"), STYLE_PLAIN), e) &&
		  add_counts(c, &t, r, v->steps, e);
	if (ok) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
		if (p < 0.05)
			buf_printf(&c->out, "The difference is more than chance (p = %.2g).\n", p);
		else if (p >= 0.05)
			buf_printf(&c->out, "The difference may well be chance (p = %.2g).\n", p);
	}
	table_fini(&t);
	return ok;
}

static str share_of(struct arena *a, uint64_t n, uint64_t of)
{
	char text[NUMBER_TEXT_MAX];
	return str_dup(a, show_rate(text, of ? (double)n / (double)of : (double)NAN));
}

/* What comes with conversion. */
static bool put_factors(struct cli *c, const struct funnel_result *r, err *e)
{
	static const struct table_column columns[] = {
		{ { "with", 4 }, { "with", 4 }, ALIGN_LEFT, true },
		{ { "converted", 9 }, { "of the converted", 16 }, ALIGN_RIGHT, false },
		{ { "dropped", 7 }, { "of the others", 13 }, ALIGN_RIGHT, false },
		{ { "odds", 4 }, { "odds ratio", 10 }, ALIGN_RIGHT, false },
		{ { "interval", 8 }, { "95 %", 4 }, ALIGN_RIGHT, false },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	struct arena *a = &c->arena;
	bool ok = true;
	for (size_t i = 0; ok && i < MIN(r->factors_n, FACTORS_SHOWN); i++) {
		const struct funnel_factor *f = &r->factors[i];
		struct buf name CLEANUP(buf_fini);
		buf_init(&name, MIB);
		buf_str(&name, f->name);
		buf_cstr(&name, f->is_touch ? "" : " = ");
		value_print(&name, f->value);
		ok = buf_ok(&name, e) &&
		     table_add(&t, text_cell(a, buf_view(&name), STYLE_PLAIN), e) &&
		     table_add(&t,
			       text_cell(a, share_of(a, f->converted_with, f->converted),
					 STYLE_PLAIN),
			       e) &&
		     table_add(&t,
			       text_cell(a, share_of(a, f->dropped_with, f->dropped), STYLE_PLAIN),
			       e) &&
		     table_add(&t, text_cell(a, str_printf(a, "%.3g", f->odds_ratio), STYLE_BOLD),
			       e) &&
		     table_add(&t,
			       text_cell(a, str_printf(a, "%.3g to %.3g", f->low, f->high),
					 STYLE_GREY),
			       e);
	}
	if (ok && r->factors_n > 0) {
		buf_cstr(&c->out, "\nWhat comes with conversion (it need not be its cause):\n");
		table_put_text(&t, &c->term, a, &c->out);
	} else if (ok) {
		buf_cstr(&c->out, "\nNothing comes with conversion in enough people to tell.\n");
	}
	table_fini(&t);
	return ok;
}

static bool put_trend(struct cli *c, const struct funnel_result *r, err *e)
{
	static const char *const units[] = { "day", "week of", "month" };
	struct table t;
	bool incomplete = false;
	if (!counts_table(c, r, str_of(units[r->spec.trend_unit]), &t, e))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < r->trend_n; i++) {
		const struct funnel_trend_point *point = &r->trend[i];
		char text[TIME_TEXT_MAX];
		str day = time_print_local(text, point->from_us);
		day = str_sub(day, 0, r->spec.trend_unit == TIME_MONTH ? 7 : 10);
		str label = str_printf(&c->arena, "%.*s%s", STR_ARG(day),
				       point->complete ? "" : " *");
		incomplete = incomplete || !point->complete;
		ok = table_add(&t,
			       text_cell(&c->arena, label,
					 point->complete ? STYLE_PLAIN : STYLE_GREY),
			       e) &&
		     add_counts(c, &t, r, point->steps, e);
	}
	if (ok) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
		if (incomplete)
			terminal_put(&c->term, &c->out, STYLE_GREY,
				     S("* not complete: some may still come further"));
		buf_cstr(&c->out, incomplete ? "\n" : "");
	}
	table_fini(&t);
	return ok;
}

static bool put_notes(struct cli *c, const struct funnel_result *r, err *e)
{
	struct buf b;
	char text[NUMBER_TEXT_MAX];
	uint64_t skipped = 0;
	for (size_t i = 0; i < r->steps_n; i++)
		skipped += r->steps[i].skipped;
	if (skipped > 0)
		buf_cstr(&c->out, "\nKnown only from a later stage: ");
	for (size_t i = 0, shown = 0; skipped > 0 && i < r->steps_n; i++) {
		if (r->steps[i].skipped == 0)
			continue;
		str label = funnel_step_label(&c->arena, &r->spec, i, r->steps[i].name);
		buf_printf(&c->out, "%s%.*s of ", shown++ > 0 ? ", " : "",
			   STR_ARG(show_count(text, r->steps[i].skipped)));
		text_put_clean(&c->out, label);
	}
	buf_cstr(&c->out, skipped > 0 ? ".\n" : "");
	if (r->out_of_order > 0) {
		static const char *const one[] = { "person", "company", "deal" };
		buf_byte(&c->out, '\n');
		put_plural(&c->out, r->out_of_order, one[r->spec.count], unit_of(&r->spec));
		buf_cstr(&c->out, " did the steps in another order; --order any counts ");
		buf_cstr(&c->out, r->out_of_order == 1 && r->spec.count != FUNNEL_PEOPLE
					  ? "it.\n"
					  : "them.\n");
	}
	buf_init(&b, MIB);
	funnel_print_rules(r, LANGUAGE_EN, &b);
	buf_byte(&c->out, '\n');
	terminal_style(&c->term, &c->out, STYLE_GREY);
	text_put_wrapped(&c->out, 0, 0, room_of(c), str_trim(buf_view(&b)));
	terminal_style(&c->term, &c->out, STYLE_PLAIN);
	bool ok = buf_ok(&b, e);
	buf_fini(&b);
	return ok;
}

bool funnel_draw(struct cli *c, const struct funnel_result *r, bool times, bool details, err *e)
{
	if (!put_headline(c, r, e))
		return false;
	put_steps(c, r, times);
	if (details && !funnel_draw_details(c, r, e))
		return false;
	if (r->groups_n > 0 && !put_groups(c, r, e))
		return false;
	if (r->versus && !put_versus(c, r, e))
		return false;
	if (r->spec.correlate && !put_factors(c, r, e))
		return false;
	if (r->trend_n > 0 && !put_trend(c, r, e))
		return false;
	return put_notes(c, r, e);
}

bool funnel_draw_explanation(struct cli *c, const struct funnel_result *rules,
			     const struct funnel_explanation *x, err *e)
{
	static const struct table_column columns[] = {
		{ { "step", 4 }, { "step", 4 }, ALIGN_LEFT, false },
		{ { "at", 2 }, { "time", 4 }, ALIGN_LEFT, false },
		{ { "name", 4 }, { "touch", 5 }, ALIGN_LEFT, true },
		{ { "source", 6 }, { "source", 6 }, ALIGN_LEFT, true },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	struct arena *a = &c->arena;
	char text[TIME_TEXT_MAX];
	bool ok = true;
	buf_printf(&c->out, "Person %llu came to step %zu of %zu.\n\n",
		   (unsigned long long)x->subject, x->level, rules->steps_n);
	for (size_t i = 0; ok && i < x->level; i++) {
		const struct touch *touch = &x->chain[i];
		str step = funnel_step_label(a, &rules->spec, i, rules->steps[i].name);
		str source = touch->origin.source.n > 0 ? touch->origin.source : touch->channel;
		bool passed_over = touch->seq == 0;
		str at = passed_over ? S("") : time_print_local(text, touch->at_us);
		str name = passed_over ? S("(passed over)") : touch->name;
		ok = table_add(&t, text_cell(a, step, STYLE_PLAIN), e) &&
		     table_add(&t, text_cell(a, at, STYLE_PLAIN), e) &&
		     table_add(&t, text_cell(a, name, passed_over ? STYLE_GREY : STYLE_PLAIN), e) &&
		     table_add(&t, text_cell(a, source, STYLE_GREY), e);
	}
	if (ok && x->level > 0)
		table_put_text(&t, &c->term, a, &c->out);
	if (ok && x->why_stopped.n > 0) {
		buf_cstr(&c->out, x->level > 0 ? "\n" : "");
		text_put_clean(&c->out, x->why_stopped);
		buf_byte(&c->out, '\n');
	}
	table_fini(&t);
	return ok;
}
