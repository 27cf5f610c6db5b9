/*
 * print_json.c - a funnel as a JSON document and as a CSV table.
 *
 * What it is:   INTERFACES.md, "JSON of the main answers"; fields may be added, never renamed. The
 * CSV has one row per step, whatever it is a step of: all, a group, a period. Promises:     what is
 * unknown is null in JSON and empty in CSV, never 0. Threads:      any.
 */
#include "funnel/funnel_int.h"
#include "funnel/print_int.h"

#include "io/csv.h"
#include "io/json.h"

#include <math.h>

#define TEXT_BYTES_MAX (16 * MIB)

static double seconds(int64_t us)
{
	return us < 0 ? (double)NAN : (double)us / (double)US_PER_S;
}

static void put_str(struct json_writer *w, const char *key, str s)
{
	json_key(w, str_of(key));
	json_put_text(w, s);
}

static void put_cstr(struct json_writer *w, const char *key, const char *s)
{
	put_str(w, key, str_of(s));
}

static void put_null(struct json_writer *w, const char *key)
{
	json_key(w, str_of(key));
	json_put_null(w);
}

static void put_real(struct json_writer *w, const char *key, double v)
{
	json_key(w, str_of(key));
	json_put_real(w, v);
}

static void put_uint(struct json_writer *w, const char *key, uint64_t v)
{
	json_key(w, str_of(key));
	json_put_uint(w, v);
}

/* Null for the ends of time. */
static void put_time(struct json_writer *w, const char *key, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	if (at_us == INT64_MIN || at_us == INT64_MAX)
		put_null(w, key);
	else
		put_str(w, key, time_print(text, at_us));
}

/* What a step of a group or of a point of the trend has as well. */
static void put_counts(struct json_writer *w, const struct funnel_result *r,
		       const struct funnel_step_result *steps, size_t k)
{
	put_uint(w, "step", k + 1);
	put_str(w, "name", steps[k].name);
	put_uint(w, "count", steps[k].count);
	if (r->spec.steps_n == 0)
		put_uint(w, "skipped", steps[k].skipped);
	put_real(w, "from_previous", steps[k].from_previous);
	put_real(w, "from_first", steps[k].from_first);
	put_real(w, "median_seconds", seconds(steps[k].median_us));
	put_real(w, "p90_seconds", seconds(steps[k].p90_us));
}

static void put_steps(struct json_writer *w, const struct funnel_result *r,
		      const struct funnel_step_result *steps)
{
	json_key(w, S("steps"));
	json_array_open(w);
	for (size_t k = 0; k < r->steps_n; k++) {
		json_object_open(w);
		put_counts(w, r, steps, k);
		if (steps == r->steps)
			print_json_sides(w, r, k);
		json_object_close(w);
	}
	json_array_close(w);
}

static void put_value(struct json_writer *w, value v)
{
	struct buf text;
	switch (v.kind) {
	case VALUE_NONE:
		json_put_null(w);
		return;
	case VALUE_TEXT:
		json_put_text(w, v.text);
		return;
	case VALUE_INT:
		json_put_int(w, v.i);
		return;
	case VALUE_REAL:
		json_put_real(w, v.real);
		return;
	case VALUE_BOOL:
		json_put_bool(w, v.i != 0);
		return;
	case VALUE_TIME:
	case VALUE_DATE:
	case VALUE_MONEY:
	case VALUE_LIST:
		break;
	}
	buf_init(&text, TEXT_BYTES_MAX);
	value_print(&text, v);
	json_put_text(w, buf_view(&text));
	print_failed(w->out, &text);
	buf_fini(&text);
}

/* The value of each property of the breakdown. */
static void put_values(struct json_writer *w, const struct funnel_result *r,
		       const struct funnel_group *g)
{
	if (g->other)
		return;
	json_key(w, S("values"));
	json_array_open(w);
	for (size_t i = 0; i < r->by_n; i++)
		put_value(w, g->values[i]);
	json_array_close(w);
}

static void put_groups(struct json_writer *w, const struct funnel_result *r)
{
	json_key(w, S("groups"));
	json_array_open(w);
	for (size_t g = 0; g < r->groups_n; g++) {
		json_object_open(w);
		json_key(w, S("value"));
		put_value(w, r->groups[g].value);
		put_values(w, r, &r->groups[g]);
		if (r->groups[g].other) {
			json_key(w, S("other"));
			json_put_bool(w, true);
		}
		put_steps(w, r, r->groups[g].steps);
		json_object_close(w);
	}
	json_array_close(w);
}

static void put_trend(struct json_writer *w, const struct funnel_result *r)
{
	json_key(w, S("trend"));
	json_array_open(w);
	for (size_t i = 0; i < r->trend_n; i++) {
		json_object_open(w);
		put_time(w, "from", r->trend[i].from_us);
		put_time(w, "to", r->trend[i].to_us);
		json_key(w, S("complete"));
		json_put_bool(w, r->trend[i].complete);
		put_steps(w, r, r->trend[i].steps);
		json_object_close(w);
	}
	json_array_close(w);
}

/* One for all steps, or one for each from the second on; null: none. */
static void put_gap(struct json_writer *w, const struct funnel_spec *spec, const char *key,
		    const int64_t *gaps)
{
	char text[TIME_TEXT_MAX];
	bool same = true;
	for (size_t k = 2; gaps && k < spec->steps_n; k++)
		same = same && gaps[k] == gaps[1];
	if (!gaps || spec->steps_n < 2) {
		put_null(w, key);
		return;
	}
	json_key(w, str_of(key));
	if (!same)
		json_array_open(w);
	for (size_t k = 1; k < (same ? 2 : spec->steps_n); k++) {
		if (gaps[k] == FUNNEL_GAP_NONE)
			json_put_null(w);
		else
			json_put_text(w, duration_print(text, (struct duration){ .us = gaps[k] }));
	}
	if (!same)
		json_array_close(w);
}

static void put_excludes(struct json_writer *w, const struct funnel_spec *spec)
{
	struct arena a;
	arena_init(&a, TEXT_BYTES_MAX);
	json_key(w, S("exclude"));
	json_array_open(w);
	for (size_t x = 0; x < spec->excludes_n; x++) {
		const struct funnel_exclusion *out = &spec->excludes[x];
		str text = step_text(&a, &out->what);
		w->out->nomem |= !text.p;
		json_object_open(w);
		put_str(w, "step", text);
		put_uint(w, "from", out->from == 0 ? 1 : out->from);
		put_uint(w, "to", out->from == 0 ? spec->steps_n : out->to);
		json_object_close(w);
	}
	json_array_close(w);
	put_cstr(w, "exclude_policy", funnel_policy_word(spec->exclude_policy));
	arena_fini(&a);
}

static void put_profile(struct json_writer *w, const struct funnel_spec *spec)
{
	const char *name;
	put_cstr(w, "profile", funnel_profile_word(spec->profile));
	json_key(w, S("changed"));
	json_array_open(w);
	for (size_t i = 0; (name = funnel_parameter_name(i)) != NULL; i++)
		if ((spec->changed >> i & 1) != 0)
			json_put_text(w, str_of(name));
	json_array_close(w);
}

static void put_parameters(struct json_writer *w, const struct funnel_spec *spec)
{
	put_profile(w, spec);
	put_gap(w, spec, "max_gap", spec->max_gap_us);
	put_gap(w, spec, "min_gap", spec->min_gap_us);
	put_cstr(w, "entry", funnel_entry_word(spec->entry));
	put_cstr(w, "reuse", funnel_reuse_word(spec->reuse));
	put_cstr(w, "ties", funnel_ties_word(spec->ties));
	if (spec->ties == FUNNEL_GRACE)
		put_uint(w, "grace_ms", (uint64_t)spec->grace_us / 1000);
	put_cstr(w, "repeat", funnel_repeat_word(spec->repeat));
	put_excludes(w, spec);
	if (spec->hold_n == 0) {
		put_null(w, "hold");
		return;
	}
	json_key(w, S("hold"));
	json_array_open(w);
	for (size_t i = 0; i < spec->hold_n; i++)
		json_put_text(w, spec->hold[i]);
	json_array_close(w);
}

static void put_where(struct json_writer *w, const struct funnel_spec *spec)
{
	struct buf text;
	if (!spec->where) {
		put_null(w, "where");
		return;
	}
	buf_init(&text, TEXT_BYTES_MAX);
	print_where(&text, spec);
	put_str(w, "where", buf_view(&text));
	print_failed(w->out, &text);
	buf_fini(&text);
}

static void put_window(struct json_writer *w, const struct funnel_spec *spec)
{
	char bytes[TIME_TEXT_MAX];
	bool none = spec->window_us == FUNNEL_WINDOW_NONE;
	put_str(w, "window",
		none ? S("none")
		     : duration_print(bytes, (struct duration){ .us = spec->window_us }));
	put_real(w, "window_seconds", none ? (double)NAN : seconds(spec->window_us));
}

static void put_breakdown(struct json_writer *w, const struct funnel_spec *spec)
{
	if (spec->by.n == 0) {
		put_null(w, "breakdown");
		put_null(w, "of");
	} else {
		put_str(w, "breakdown", spec->by);
		put_cstr(w, "of", of_word(spec->of));
		if (spec->of == FUNNEL_OF_STEP || spec->of == FUNNEL_OF_STEP_ALL)
			put_uint(w, "of_step", spec->of_step);
	}
	put_uint(w, "groups_max", spec->groups_max);
}

static void put_rules(struct json_writer *w, const struct funnel_result *r)
{
	const struct funnel_spec *spec = &r->spec;
	json_key(w, S("rules"));
	json_object_open(w);
	put_cstr(w, "funnel", spec->steps_n == 0 ? "lifecycle" : "steps");
	json_key(w, S("steps"));
	json_array_open(w);
	for (size_t k = 0; k < r->steps_n; k++)
		json_put_text(w, r->steps[k].name);
	json_array_close(w);
	put_cstr(w, "order", funnel_order_word(spec->order));
	put_window(w, spec);
	put_parameters(w, spec);
	put_cstr(w, "count", funnel_count_word(spec->count));
	put_cstr(w, "tail", spec->tail == FUNNEL_CLIP ? "clip" : "follow");
	put_cstr(w, "view", spec->view == FUNNEL_PERIOD ? "period" : "cohort");
	put_time(w, "from", spec->from_us);
	put_time(w, "to", spec->to_us);
	put_where(w, spec);
	put_breakdown(w, spec);
	if (spec->trend)
		put_cstr(w, "trend", unit_word(spec->trend_unit));
	else
		put_null(w, "trend");
	put_uint(w, "as_of", r->snapshot);
	put_time(w, "now", spec->now_us);
	put_cstr(w, "time_zone", zone_name());
	json_object_close(w);
}

/* Others beside those counted, and whether the difference is more than chance. */
static void put_versus(struct json_writer *w, const struct funnel_result *r)
{
	const struct funnel_versus *v = r->versus;
	struct buf text;
	json_key(w, S("compare_where"));
	json_object_open(w);
	buf_init(&text, TEXT_BYTES_MAX);
	print_rule(&text, r->spec.compare_where);
	put_str(w, "where", buf_view(&text));
	print_failed(w->out, &text);
	buf_fini(&text);
	json_key(w, S("steps"));
	json_array_open(w);
	for (size_t k = 0; k < r->steps_n; k++) {
		json_object_open(w);
		put_counts(w, r, v->steps, k);
		put_real(w, "difference", v->difference[k]);
		put_real(w, "p_value", v->p_value[k]);
		json_object_close(w);
	}
	json_array_close(w);
	put_real(w, "p_value", v->p_value[r->steps_n - 1]);
	json_object_close(w);
}

static void put_factors(struct json_writer *w, const struct funnel_result *r)
{
	json_key(w, S("correlation"));
	json_array_open(w);
	for (size_t i = 0; i < r->factors_n; i++) {
		const struct funnel_factor *f = &r->factors[i];
		json_object_open(w);
		put_cstr(w, "kind", f->is_touch ? "touch" : f->is_trait ? "trait" : "property");
		put_str(w, "name", f->name);
		json_key(w, S("value"));
		put_value(w, f->value);
		put_uint(w, "converted_with", f->converted_with);
		put_uint(w, "converted", f->converted);
		put_uint(w, "dropped_with", f->dropped_with);
		put_uint(w, "dropped", f->dropped);
		put_real(w, "odds_ratio", f->odds_ratio);
		put_real(w, "low", f->low);
		put_real(w, "high", f->high);
		json_object_close(w);
	}
	json_array_close(w);
}

static void put_answer(struct json_writer *w, const struct funnel_result *r)
{
	print_json_sentence(w, r);
	put_steps(w, r, r->steps);
	put_groups(w, r);
	if (r->spec.trend)
		put_trend(w, r);
	print_json_histogram(w, r);
	if (r->versus)
		put_versus(w, r);
	if (r->spec.correlate)
		put_factors(w, r);
	put_uint(w, "out_of_order", r->out_of_order);
	if (r->has_previous) {
		json_key(w, S("previous"));
		json_object_open(w);
		put_time(w, "from", r->previous_from_us);
		put_time(w, "to", r->previous_to_us);
		json_object_close(w);
	}
	put_rules(w, r);
	print_json_rules_text(w, r);
	put_uint(w, "snapshot", r->snapshot);
}

void funnel_print_json(const struct funnel_result *r, struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out, true);
	json_object_open(&w);
	put_answer(&w, r);
	json_object_close(&w);
	buf_cstr(out, "\n");
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void put_number(struct buf *out, double v)
{
	struct json_writer w;
	buf_cstr(out, ",");
	json_writer_init(&w, out, false);
	if (isfinite(v))
		json_put_real(&w, v);
}

/* One row per step; `complete` is of a period only. */
static void put_rows(struct buf *out, const struct funnel_result *r, const char *part, str of,
		     const char *complete, const struct funnel_step_result *steps)
{
	for (size_t k = 0; k < r->steps_n; k++) {
		buf_printf(out, "%s,", part);
		csv_put_field(out, of, true);
		buf_printf(out, ",%zu,", k + 1);
		csv_put_field(out, steps[k].name, true);
		buf_printf(out, ",%ju,%ju", (uintmax_t)steps[k].count, (uintmax_t)steps[k].skipped);
		put_number(out, steps[k].from_previous);
		put_number(out, steps[k].from_first);
		put_number(out, seconds(steps[k].median_us));
		put_number(out, seconds(steps[k].p90_us));
		buf_printf(out, ",%s\n", complete);
	}
}

void funnel_print_csv(const struct funnel_result *r, struct buf *out)
{
	char bytes[TIME_TEXT_MAX];
	buf_cstr(out, "part,value,step,name,count,skipped,from_previous,from_first,median_seconds,"
		      "p90_seconds,complete\n");
	put_rows(out, r, "all", S(""), "", r->steps);
	for (size_t g = 0; g < r->groups_n; g++) {
		struct buf text;
		buf_init(&text, TEXT_BYTES_MAX);
		value_print(&text, r->groups[g].value);
		put_rows(out, r, r->groups[g].other ? "other" : "group", buf_view(&text), "",
			 r->groups[g].steps);
		print_failed(out, &text);
		buf_fini(&text);
	}
	for (size_t i = 0; i < r->trend_n; i++)
		put_rows(out, r, "trend", time_print(bytes, r->trend[i].from_us),
			 r->trend[i].complete ? "true" : "false", r->trend[i].steps);
}
