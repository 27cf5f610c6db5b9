/*
 * funnel_query.c - parameters of a request to a funnel's specification.
 *
 * What it is:   each parameter checked on its own; what is wrong is said with its name.
 * Promises:     equal questions have equal keys, whatever the order and the spelling of their
 *               parameters.
 * Data from:    anybody who may read.
 * Threads:      any worker.
 */
#include "server/funnel_int.h"

#include "base/num.h"

#define STAGES_DEFAULT "lead, mql, sal, sql, opportunity, customer"
#define BY_BYTES_MAX   256
#define TEXT_BYTES_MAX (16 * KIB)
#define KEY_BYTES_MAX  (256 * KIB)

/* ---- parameters ------------------------------------------------------------------------------ */

str param_text(const struct request *q, const char *name)
{
	if (q->given)
		return str_trim(json_text_of(q->given, str_of(name)));
	return str_trim(http_query(q->http, str_of(name)));
}

bool param_choice(struct request *q, const char *name, const char *const *words, size_t *at_r,
		  err *e)
{
	struct buf list;
	char room[256];
	str text = param_text(q, name);
	if (text.n == 0)
		return true;
	for (size_t i = 0; words[i]; i++) {
		if (str_eq(text, str_of(words[i]))) {
			*at_r = i;
			return true;
		}
	}
	list = (struct buf){ .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	for (size_t i = 0; words[i]; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	return problem_field(q, e, name, "expected %.*s, not \"%.*s\"", STR_ARG(buf_view(&list)),
			     STR_ARG(str_sub(text, 0, 64)));
}

bool param_count(struct request *q, const char *name, uint64_t min, uint64_t max, uint64_t *n_r,
		 err *e)
{
	str text = param_text(q, name);
	uint64_t n;
	if (text.n == 0)
		return true;
	if (!num_parse_u64(text, &n) || n < min || n > max)
		return problem_field(q, e, name, "expected a number from %ju to %ju",
				     (uintmax_t)min, (uintmax_t)max);
	*n_r = n;
	return true;
}

bool param_time(struct request *q, const char *name, int64_t *at_r, err *e)
{
	str text = param_text(q, name);
	err why = { 0 };
	if (text.n == 0 || time_parse(text, at_r, &why))
		return true;
	return problem_field(q, e, name, "%s", why.text);
}

bool param_period(struct request *q, int64_t *from_r, int64_t *to_r, err *e)
{
	str name = param_text(q, "period");
	err why = { 0 };
	if (name.n > 0 && (param_text(q, "from").n > 0 || param_text(q, "to").n > 0))
		return problem_field(q, e, "period", "there is a period, or from and to, not both");
	if (name.n > 0)
		return funnel_parse_period(name, time_now_us(), from_r, to_r, &why) ||
		       problem_field(q, e, "period", "%s", why.text);
	if (!param_time(q, "from", from_r, e) || !param_time(q, "to", to_r, e))
		return false;
	return *from_r < *to_r || problem_field(q, e, "to", "the period ends before it begins");
}

bool stages_read(struct snapshot *s, struct arena *a, const str **stages_r, size_t *n_r, err *e)
{
	str text, part;
	size_t n = 0;
	if (!snapshot_config(s, S("stages"), a, &text, e))
		return false;
	str *stages = ARENA_ARRAY(a, str, FUNNEL_STEPS_MAX);
	if (!stages)
		return arena_err(a, e);
	if (text.n == 0)
		text = S(STAGES_DEFAULT);
	while (n < FUNNEL_STEPS_MAX - 1 && str_next(&text, ',', &part)) {
		part = str_trim(part);
		if (part.n > 0)
			stages[n++] = part;
	}
	*stages_r = stages;
	*n_r = n;
	return true;
}

/* The zones that the company has given its stages ("stages.look"); by name where it has not. */
static bool zones_read(struct snapshot *s, struct arena *a, struct funnel_spec *spec, err *e)
{
	static const char *const words[] = { "tofu", "mofu", "bofu" };
	struct json_parser *parser = NULL;
	const struct json *look = NULL;
	str text;
	if (!snapshot_config(s, S("stages.look"), a, &text, e))
		return false;
	if (text.n == 0)
		return true;
	enum funnel_zone *zones = ARENA_ARRAY(a, enum funnel_zone, spec->stages_n);
	if (!zones)
		return arena_err(a, e);
	bool ok = json_parser_new(&parser, MIB, e) && json_parse(parser, text, a, &look, e);
	json_parser_free(&parser);
	for (size_t i = 0; ok && i < spec->stages_n; i++) {
		enum funnel_side side;
		const struct json *own = look->kind == JSON_OBJECT ? json_get(look, spec->stages[i])
								   : NULL;
		str zone = own && own->kind == JSON_OBJECT ? json_text_of(own, S("zone")) : S("");
		(void)funnel_place(spec, i + 1, &zones[i], &side);
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			if (str_eq(zone, str_of(words[k])))
				zones[i] = (enum funnel_zone)k;
	}
	spec->zones = zones;
	return ok;
}

/* ---- the specification ----------------------------------------------------------------------- */

/* Into `a`, of bounded length. */
static bool take_text(struct request *q, struct arena *a, const char *name, size_t bytes_max,
		      str *text_r, err *e)
{
	str text = param_text(q, name);
	if (text.n > bytes_max)
		return problem_field(q, e, name, "longer than %zu bytes", bytes_max);
	*text_r = str_dup(a, text);
	return !a->over || arena_err(a, e);
}

static bool read_steps(struct request *q, struct arena *a, struct funnel_spec *spec, err *e)
{
	struct funnel_step *steps = NULL;
	str text;
	err why = { 0 };
	if (!take_text(q, a, "steps", TEXT_BYTES_MAX, &text, e))
		return false;
	if (text.n == 0)
		return true;
	if (!funnel_parse_steps(a, text, &steps, &spec->steps_n, &why))
		return problem_field(q, e, "steps", "%s", why.text);
	spec->steps = steps;
	return true;
}

/* Each parameter that has one text, in their order: the profile first; then whether they fit
 * together. */
static bool read_parameters(struct request *q, const struct funnel_ask *ask, struct arena *a,
			    struct funnel_spec *spec, err *e)
{
	const char *name;
	for (size_t i = 0; (name = funnel_parameter_name(i)) != NULL; i++) {
		str text;
		err why = { 0 };
		if (!take_text(q, a, name, TEXT_BYTES_MAX, &text, e))
			return false;
		if (text.n > 0 && !funnel_parameter_set(a, spec, i, text, &why))
			return why.code == ERR_INVALID ? problem_field(q, e, name, "%s", why.text)
						       : err_set(e, why.code, "%s", why.text);
	}
	if (ask->period && param_text(q, "view").n == 0)
		spec->view = FUNNEL_PERIOD;
	return true;
}

static bool check_parameters(struct request *q, const struct funnel_spec *spec, err *e)
{
	const char *name = NULL;
	err why = { 0 };
	return funnel_check(spec, &name, &why) ||
	       problem_field(q, e, name ? name : "steps", "%s", why.text);
}

static bool read_of(struct request *q, struct funnel_spec *spec, err *e)
{
	str text = param_text(q, "of");
	size_t rows = spec->steps_n > 0 ? spec->steps_n : spec->stages_n + 1;
	uint64_t n;
	if (text.n > 0 && spec->by.n == 0)
		return problem_field(q, e, "of", "it says of which touch `by` is; there is no by");
	if (text.n == 0 || str_eq(text, S("first")))
		return true;
	if (str_eq(text, S("last"))) {
		spec->of = FUNNEL_OF_LAST;
		return true;
	}
	if (str_eq(text, S("person")) || str_eq(text, S("all"))) {
		spec->of = str_eq(text, S("all")) ? FUNNEL_OF_ALL : FUNNEL_OF_PERSON;
		return true;
	}
	if (str_starts(text, S("step")))
		text = str_trim(str_sub(text, 4, text.n));
	bool each = str_ends(text, S(" all"));
	if (each)
		text = str_trim(str_sub(text, 0, text.n - 4));
	if (!num_parse_u64(text, &n) || n == 0 || n > rows)
		return problem_field(q, e, "of",
				     "expected first, last, all, person or step N, N from 1 to %zu",
				     rows);
	spec->of = each ? FUNNEL_OF_STEP_ALL : FUNNEL_OF_STEP;
	spec->of_step = (size_t)n;
	return true;
}

static bool read_choices(struct request *q, struct funnel_spec *spec, err *e)
{
	static const char *const units[] = { "day", "week", "month", NULL };
	static const char *const compares[] = { "none", "previous", NULL };
	size_t compare = 0, unit = SIZE_MAX;
	uint64_t groups = 0, correlate = 0;
	if (!param_count(q, "correlate", 0, 1, &correlate, e) ||
	    !param_choice(q, "trend", units, &unit, e) ||
	    !param_choice(q, "compare", compares, &compare, e) ||
	    !param_count(q, "groups", 1, 1000, &groups, e))
		return false;
	spec->compare = compare != 0;
	spec->correlate = correlate != 0;
	spec->trend = unit != SIZE_MAX;
	spec->trend_unit = spec->trend ? (enum time_unit)unit : TIME_DAY;
	spec->groups_max = (size_t)groups;
	return true;
}

static bool read_where(struct request *q, struct snapshot *s, struct arena *a, const char *name,
		       const struct funnel_spec *spec, const struct rule **where_r, err *e)
{
	struct rule_catalogue catalogue;
	str text;
	err why = { 0 };
	if (!take_text(q, a, name, TEXT_BYTES_MAX, &text, e))
		return false;
	if (text.n == 0)
		return true;
	if (!people_catalogue(snapshot_people(s), funnel_entity(spec->count), a, &catalogue, e))
		return false;
	return rule_parse(a, text, &catalogue, where_r, &why) ||
	       problem_field(q, e, name, "%s", why.text);
}

static bool make_key(struct request *q, struct arena *a, const struct funnel_spec *spec, str steps,
		     str *key_r, err *e)
{
	/* Of these the text is compared as it was given. */
	static const char *const as_given[] = { "max_gap", "min_gap", "exclude", "hold" };
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, KEY_BYTES_MAX);
	buf_lenstr(&b, steps);
	for (size_t i = 0; i < spec->stages_n; i++) {
		buf_lenstr(&b, spec->stages[i]);
		buf_varint(&b, spec->zones ? (uint64_t)spec->zones[i] + 1 : 0);
	}
	buf_lenstr(&b, spec->by);
	buf_lenstr(&b, spec->where ? rule_print(a, spec->where) : S(""));
	buf_byte(&b, spec->correlate);
	buf_lenstr(&b, spec->compare_where ? rule_print(a, spec->compare_where) : S(""));
	for (size_t i = 0; i < ARRAY_LEN(as_given); i++)
		buf_lenstr(&b, param_text(q, as_given[i]));
	buf_printf(&b, "%d %d %d %d %d %jd %d %x ", spec->profile, spec->entry, spec->reuse,
		   spec->ties, spec->repeat, (intmax_t)spec->grace_us, spec->exclude_policy,
		   spec->changed);
	buf_printf(&b, "%d %d %d %d %d %zu %zu %d %d %d %d %jd %jd %jd", spec->order, spec->count,
		   spec->tail, spec->view, spec->of, spec->of_step, spec->groups_max, spec->trend,
		   spec->trend_unit, spec->compare, spec->window_given, (intmax_t)spec->window_us,
		   (intmax_t)spec->from_us, (intmax_t)spec->to_us);
	if (!buf_ok(&b, e))
		return false;
	*key_r = str_dup(a, buf_view(&b));
	return !a->over || arena_err(a, e);
}

static bool read_period(struct request *q, const struct funnel_ask *ask, struct funnel_spec *spec,
			err *e)
{
	if (!ask->from_us)
		return param_period(q, &spec->from_us, &spec->to_us, e);
	spec->from_us = *ask->from_us;
	spec->to_us = *ask->to_us;
	return true;
}

bool funnel_query_read(struct request *q, const struct funnel_ask *ask, struct snapshot *s,
		       struct arena *a, struct funnel_spec *spec, str *key_r, err *e)
{
	str steps;
	*spec = (struct funnel_spec){ .from_us = INT64_MIN,
				      .to_us = INT64_MAX,
				      .now_us = time_now_us() };
	if (!stages_read(s, a, &spec->stages, &spec->stages_n, e) || !zones_read(s, a, spec, e) ||
	    !read_period(q, ask, spec, e) || !read_steps(q, a, spec, e) ||
	    !read_parameters(q, ask, a, spec, e) ||
	    !take_text(q, a, "by", BY_BYTES_MAX, &spec->by, e))
		return false;
	if (spec->by.n == 0 && ask->by)
		spec->by = str_of(ask->by);
	if (!read_choices(q, spec, e) || !read_of(q, spec, e) || !check_parameters(q, spec, e) ||
	    !read_where(q, s, a, "where", spec, &spec->where, e) ||
	    !read_where(q, s, a, "compare_where", spec, &spec->compare_where, e) ||
	    !take_text(q, a, "steps", TEXT_BYTES_MAX, &steps, e))
		return false;
	if (spec->groups_max == 0)
		spec->groups_max = ask->groups;
	return make_key(q, a, spec, steps, key_r, e);
}
