/*
 * print_rules.c - the rules in force, as words and as one sentence.
 *
 * What it is:   funnels are believed when they say how they counted; every document carries this.
 * Promises:     names every parameter that can change the numbers.
 * Threads:      any.
 */
#include "funnel/print_int.h"

#include "funnel/funnel_int.h"

const char *order_word(enum funnel_order order)
{
	return order == FUNNEL_ORDERED ? "ordered" : "any";
}

const char *count_word(enum funnel_count count)
{
	return count == FUNNEL_COMPANIES ? "companies" : count == FUNNEL_DEALS ? "deals" : "people";
}

const char *of_word(enum funnel_of of)
{
	switch (of) {
	case FUNNEL_OF_FIRST:
		return "first";
	case FUNNEL_OF_LAST:
		return "last";
	case FUNNEL_OF_STEP:
		return "step";
	case FUNNEL_OF_PERSON:
		break;
	}
	return "person";
}

const char *unit_word(enum time_unit unit)
{
	return unit == TIME_DAY ? "day" : unit == TIME_WEEK ? "week" : "month";
}

void print_window(struct buf *out, int64_t window_us)
{
	char text[TIME_TEXT_MAX];
	if (window_us == FUNNEL_WINDOW_NONE)
		buf_cstr(out, "none");
	else
		buf_str(out, duration_print(text, (struct duration){ .us = window_us }));
}

void print_count(struct buf *out, uint64_t n)
{
	char digits[32];
	size_t at = sizeof digits;
	size_t written = 0;
	do {
		if (written > 0 && written % 3 == 0)
			digits[--at] = ',';
		digits[--at] = (char)('0' + n % 10);
		written++;
		n /= 10;
	} while (n > 0);
	buf_put(out, digits + at, sizeof digits - at);
}

void print_where(struct buf *out, const struct funnel_spec *spec)
{
	struct arena a;
	if (!spec->where)
		return;
	arena_init(&a, 16 * MIB);
	str rule = rule_print(&a, spec->where);
	out->nomem |= !rule.p;
	buf_str(out, rule);
	arena_fini(&a);
}

void print_failed(struct buf *out, const struct buf *part)
{
	out->nomem |= part->nomem;
	out->over |= part->over;
}

/* Midnight is a day; other instants have an hour. */
static void say_instant(struct buf *out, const char *before, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	str s = time_print_local(text, at_us);
	if (at_us >= TIME_MIN_US && at_us <= TIME_MAX_US && time_floor(at_us, TIME_DAY) == at_us)
		s = str_sub(s, 0, s.n - MIN(s.n, (size_t)6));
	buf_printf(out, " %s %.*s", before, STR_ARG(s));
}

static void say_period(struct buf *out, const struct funnel_spec *spec)
{
	const char *what = spec->steps_n == 0 ? "a visit" : "the first step";
	bool from = spec->from_us != INT64_MIN;
	bool to = spec->to_us != INT64_MAX;
	if (!from && !to) {
		buf_cstr(out, ", at any time");
		return;
	}
	buf_printf(out, ", with %s", what);
	if (from)
		say_instant(out, "from", spec->from_us);
	if (to)
		say_instant(out, "before", spec->to_us);
	buf_cstr(out, spec->tail == FUNNEL_CLIP ? " and all others in that period too"
						: " and the others also after that");
}

static void say_order(struct buf *out, const struct funnel_spec *spec)
{
	bool lifecycle = spec->steps_n == 0;
	if (lifecycle)
		buf_cstr(out, " who entered each stage or a later one");
	else
		buf_cstr(out, " by the furthest that they came");
	if (spec->order == FUNNEL_ANY)
		buf_cstr(out, lifecycle ? ", in any order" : ", with the steps in any order");
	else
		buf_cstr(out, lifecycle
				      ? ", in order of time"
				      : ", with the steps in order and other touches between them");
	if (spec->window_us == FUNNEL_WINDOW_NONE) {
		buf_cstr(out, ", without a window");
	} else {
		buf_cstr(out, ", all within ");
		print_window(out, spec->window_us);
		buf_cstr(out, lifecycle ? " of a visit" : " of the first");
	}
}

void funnel_print_rules(const struct funnel_result *r, struct buf *out)
{
	const struct funnel_spec *spec = &r->spec;
	buf_printf(out, "Counted: %s", count_word(spec->count));
	say_order(out, spec);
	say_period(out, spec);
	buf_cstr(out, "; each touch counts for one step, touches of the same instant in any order");
	if (spec->where) {
		buf_cstr(out, "; only where ");
		print_where(out, spec);
	}
	if (spec->by.n > 0) {
		buf_printf(out, "; broken down by %.*s of ", STR_ARG(spec->by));
		if (spec->of == FUNNEL_OF_STEP)
			buf_printf(out, "step %zu", spec->of_step);
		else if (spec->of == FUNNEL_OF_PERSON)
			buf_printf(out, "the %s",
				   spec->count == FUNNEL_PEOPLE	     ? "person"
				   : spec->count == FUNNEL_COMPANIES ? "company"
								     : "deal");
		else
			buf_printf(out, "the %s touch", of_word(spec->of));
	}
	buf_printf(out, "; times in %s; as known at touch ", zone_name());
	print_count(out, r->snapshot);
	buf_cstr(out, ".");
	if (r->out_of_order > 0) {
		buf_cstr(out, " Not in order, and so not counted to the end: ");
		print_count(out, r->out_of_order);
		buf_cstr(out, ".");
	}
}
