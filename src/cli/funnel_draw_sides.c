/*
 * funnel_draw_sides.c - what stands between and beside the rows of a funnel, on a terminal.
 *
 * What it is:   who left after each row and why, in grey below it; and a table of who is where now,
 *               who may still come, money, and the period before.
 * Promises:     what is not known is a dash.
 * Threads:      one at a time.
 */
#include "cli/funnel_draw_int.h"

#include "base/num.h"

/* The two reasons that most had, with their shares. */
static void put_reasons(struct cli *c, const struct funnel_exit *x)
{
	char text[NUMBER_TEXT_MAX];
	size_t shown = 0;
	for (size_t i = 0; i < x->reasons_n && shown < 2; i++) {
		if (x->reasons[i].reason.n == 0)
			continue;
		buf_cstr(&c->out, shown++ == 0 ? " (" : ", ");
		text_put_clean(&c->out, str_sub(x->reasons[i].reason, 0, 32));
		double share = (double)x->reasons[i].count / (double)x->count;
		buf_printf(&c->out, " %.*s", STR_ARG(show_rate(text, share)));
	}
	buf_cstr(&c->out, shown > 0 ? ")" : "");
}

void funnel_draw_exits(struct cli *c, const struct funnel_result *r, size_t row, size_t indent)
{
	static const char *const words[] = { "disqualified", "recycled", "lost" };
	char text[NUMBER_TEXT_MAX];
	bool any = false;
	for (size_t i = 0; i < FUNNEL_EXITS_N; i++) {
		const struct funnel_exit *x = &r->steps[row].exits[i];
		if (x->count == 0)
			continue;
		if (!any) {
			for (size_t k = 0; k < indent; k++)
				buf_byte(&c->out, ' ');
			terminal_style(&c->term, &c->out, STYLE_GREY);
		}
		buf_printf(&c->out, "%s%s%.*s %s", any ? "   " : "", c->term.utf8 ? "\u2212" : "-",
			   STR_ARG(show_count(text, x->count)), words[i]);
		put_reasons(c, x);
		any = true;
	}
	if (!any)
		return;
	terminal_style(&c->term, &c->out, STYLE_PLAIN);
	buf_byte(&c->out, '\n');
}

/* ---- details --------------------------------------------------------------------------------- */

static struct table_cell cell(struct arena *a, str text, enum style style)
{
	str copy = str_dup(a, text);
	return (struct table_cell){ value_text(copy), copy.p != NULL ? copy : S(""), style };
}

static struct table_cell count_cell(struct arena *a, bool known, uint64_t n)
{
	char text[NUMBER_TEXT_MAX];
	return known ? cell(a, show_count(text, n), STYLE_PLAIN) : cell(a, S("–"), STYLE_GREY);
}

static struct table_cell money_cell(struct arena *a, const struct funnel_step_result *s)
{
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, KIB);
	for (size_t i = 0; i < s->money_n; i++) {
		buf_cstr(&b, i > 0 ? " + " : "");
		value_print(&b, value_money(s->money[i].amount_minor, s->money[i].currency));
	}
	if (s->money_n > 0 && s->money_kind == FUNNEL_COST_PER_HEAD)
		buf_cstr(&b, " a head");
	return s->money_n > 0 ? cell(a, buf_view(&b), STYLE_PLAIN) : cell(a, S("–"), STYLE_GREY);
}

static bool add_row(struct cli *c, struct table *t, const struct funnel_result *r, size_t k, err *e)
{
	struct arena *a = &c->arena;
	const struct funnel_step_result *s = &r->steps[k];
	enum funnel_zone zone;
	enum funnel_side side;
	bool stage = r->has_here && funnel_place(&r->spec, k, &zone, &side);
	str label = funnel_step_label(a, &r->spec, k, s->name);
	return table_add(t, cell(a, label, funnel_step_style(&r->spec, k, s->name)), e) &&
	       table_add(t, count_cell(a, stage, s->here_now), e) &&
	       table_add(t, count_cell(a, stage && k > 0, s->here_all), e) &&
	       table_add(t, count_cell(a, r->has_sides, s->young), e) &&
	       table_add(t, count_cell(a, r->has_previous, s->previous), e) &&
	       table_add(t, money_cell(a, s), e);
}

bool funnel_draw_details(struct cli *c, const struct funnel_result *r, err *e)
{
	static const struct table_column columns[] = {
		{ { "step", 4 }, { "", 0 }, ALIGN_LEFT, true },
		{ { "here_now", 8 }, { "here now", 8 }, ALIGN_RIGHT, false },
		{ { "here_all", 8 }, { "of everyone", 11 }, ALIGN_RIGHT, false },
		{ { "young", 5 }, { "may still come", 14 }, ALIGN_RIGHT, false },
		{ { "previous", 8 }, { "period before", 13 }, ALIGN_RIGHT, false },
		{ { "money", 5 }, { "money", 5 }, ALIGN_RIGHT, true },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	bool ok = true;
	for (size_t k = 0; ok && k < r->steps_n; k++)
		ok = add_row(c, &t, r, k, e);
	if (ok) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
	}
	table_fini(&t);
	return ok;
}
