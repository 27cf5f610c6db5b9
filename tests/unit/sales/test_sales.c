/*
 * test_sales.c - from what somebody asks for to the touch that says so, or to what is wrong.
 */
#include "world.h"

#include "sales/sales.h"

#define NOW ((int64_t)20500 * US_PER_DAY) /* 2026-02-16 */

struct office {
	struct world w;
	struct sales_rules rules;
	uint64_t person, company, deal;
	str field;
};

static uint64_t written(struct office *o, struct sales_deed *d)
{
	uint64_t seq = 0;
	WORLD_OK(&o->w, sales_write(o->w.j, d, S(""), &seq, &o->w.e));
	WORLD_OK(&o->w, journal_flush(o->w.j, &o->w.e));
	return seq;
}

static struct sales_ask ask_of(struct office *o, enum entity entity, uint64_t subject,
			       const char *action, const struct prop *fields, size_t n)
{
	return (struct sales_ask){ .people = journal_people(o->w.j),
				   .rules = &o->rules,
				   .entity = entity,
				   .subject = subject,
				   .action = str_of(action),
				   .fields = fields,
				   .fields_n = n,
				   .by = S("user:7"),
				   .now_us = NOW };
}

static bool acts(struct office *o, enum entity entity, uint64_t subject, const char *action,
		 const struct prop *fields, size_t n, struct sales_deed *d)
{
	struct sales_ask q = ask_of(o, entity, subject, action, fields, n);
	return sales_act(&q, &o->w.a, d, &o->field, &o->w.e);
}

static uint64_t made(struct office *o, enum entity entity, const struct prop *fields, size_t n,
		     const char *find)
{
	struct sales_deed d;
	uint64_t subject = 0;
	struct sales_ask q = ask_of(o, entity, 0, "", fields, n);
	WORLD_OK(&o->w, sales_create(&q, &o->w.a, &d, &o->field, &o->w.e));
	written(o, &d);
	if (find)
		assert_true(people_find(journal_people(o->w.j), entity, str_of(find), &subject));
	else
		subject = people_profiles(journal_people(o->w.j));
	return subject;
}

static void office_init(struct office *o)
{
	*o = (struct office){ 0 };
	world_init(&o->w);
	WORLD_OK(&o->w, journal_config_set(o->w.j, S("user.3"), S("{\"name\":\"Lea Brandt\"}"),
					   S("test"), &o->w.e));
	WORLD_OK(&o->w,
		 journal_config_set(o->w.j, S("user.4"), S("{\"name\":\"Gone\",\"disabled\":true}"),
				    S("test"), &o->w.e));
	struct snapshot *s;
	WORLD_OK(&o->w, snapshot_open(o->w.dir, 0, &s, &o->w.e));
	WORLD_OK(&o->w, sales_rules_load(s, &o->w.a, &o->rules, &o->w.e));
	snapshot_close(&s);
	const struct prop person[] = { { S("email"), value_text(S("Anna@Example.com")) },
				       { S("stage"), value_text(S("mql")) } };
	const struct prop company[] = { { S("name"), value_text(S("Acme")) },
					{ S("domain"), value_text(S("ACME.example")) } };
	o->person = made(o, ENTITY_PERSON, person, 2, "anna@example.com");
	o->company = made(o, ENTITY_COMPANY, company, 2, "acme.example");
	const struct prop deal[] = { { S("name"), value_text(S("One")) },
				     { S("company"), value_int((int64_t)o->company) },
				     { S("person"), value_int((int64_t)o->person) } };
	o->deal = made(o, ENTITY_DEAL, deal, 3, NULL);
}

static void office_fini(struct office *o)
{
	world_fini(&o->w);
}

static void an_action_is_one_touch_by_somebody(void **state)
{
	static const struct {
		enum entity entity;
		const char *action, *touch;
		struct prop fields[2];
		size_t n;
	} CASES[] = {
		{ ENTITY_PERSON,
		  "disqualify",
		  "lead_disqualified",
		  { { S("reason"), { .kind = VALUE_TEXT, .text = { "no fit", 6 } } } },
		  1 },
		{ ENTITY_PERSON,
		  "recycle",
		  "lead_recycled",
		  { { S("until"), { .kind = VALUE_TEXT, .text = { "2026-06-30", 10 } } } },
		  1 },
		{ ENTITY_PERSON,
		  "owner",
		  "person_updated",
		  { { S("owner"), { .kind = VALUE_INT, .i = 3 } } },
		  1 },
		{ ENTITY_PERSON,
		  "note",
		  "note_written",
		  { { S("text"), { .kind = VALUE_TEXT, .text = { "a\nb", 3 } } } },
		  1 },
		{ ENTITY_PERSON,
		  "call",
		  "call_made",
		  { { S("outcome"), { .kind = VALUE_TEXT, .text = { "reached", 7 } } } },
		  1 },
		{ ENTITY_COMPANY,
		  "owner",
		  "company_updated",
		  { { S("owner"), { .kind = VALUE_TEXT, .text = { "Lea Brandt", 10 } } } },
		  1 },
		{ ENTITY_DEAL,
		  "stage",
		  "deal_stage_entered",
		  { { S("stage"), { .kind = VALUE_TEXT, .text = { "commitment", 10 } } } },
		  1 },
		{ ENTITY_DEAL,
		  "amount",
		  "deal_updated",
		  { { S("amount"), { .kind = VALUE_MONEY, .currency = "CHF", .i = 100 } } },
		  1 },
		{ ENTITY_DEAL, "close_date", "deal_updated", { { S("close_date"), { 0 } } }, 1 },
		{ ENTITY_DEAL, "won", "deal_won", { { S(""), { 0 } } }, 0 },
		{ ENTITY_DEAL,
		  "lost",
		  "deal_lost",
		  { { S("reason"), { .kind = VALUE_TEXT, .text = { "price", 5 } } } },
		  1 },
	};
	struct office o;
	(void)state;
	office_init(&o);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct sales_deed d;
		uint64_t subject = CASES[i].entity == ENTITY_PERSON    ? o.person
				   : CASES[i].entity == ENTITY_COMPANY ? o.company
								       : o.deal;
		WORLD_OK(&o.w, acts(&o, CASES[i].entity, subject, CASES[i].action, CASES[i].fields,
				    CASES[i].n, &d));
		assert_int_equal(d.n, 1);
		assert_true(str_eq(d.items[0].name, str_of(CASES[i].touch)));
		assert_true(str_eq(d.items[0].by, S("user:7")));
		assert_true(d.items[0].at_us == NOW);
	}
	office_fini(&o);
}

static void what_is_wrong_names_its_field(void **state)
{
	static const struct {
		enum entity entity;
		const char *action, *field;
		struct prop given;
	} CASES[] = {
		{ ENTITY_PERSON, "fly", "action", { S(""), { 0 } } },
		{ ENTITY_PERSON,
		  "stage",
		  "stage",
		  { S("stage"), { .kind = VALUE_TEXT, .text = { "king", 4 } } } },
		{ ENTITY_PERSON,
		  "stage",
		  "reason",
		  { S("stage"), { .kind = VALUE_TEXT, .text = { "sql", 3 } } } },
		{ ENTITY_PERSON, "note", "text", { S("text"), { .kind = VALUE_INT, .i = 1 } } },
		{ ENTITY_PERSON,
		  "note",
		  "text",
		  { S("text"), { .kind = VALUE_TEXT, .text = { "a\0b", 3 } } } },
		{ ENTITY_PERSON,
		  "note",
		  "text",
		  { S("text"), { .kind = VALUE_TEXT, .text = { "  ", 2 } } } },
		{ ENTITY_PERSON, "note", "text", { S("text"), { 0 } } },
		{ ENTITY_PERSON,
		  "recycle",
		  "until",
		  { S("until"), { .kind = VALUE_TEXT, .text = { "2026-02-16", 10 } } } },
		{ ENTITY_PERSON, "owner", "owner", { S("owner"), { .kind = VALUE_INT, .i = 4 } } },
		{ ENTITY_DEAL,
		  "stage",
		  "stage",
		  { S("stage"), { .kind = VALUE_TEXT, .text = { "won", 3 } } } },
		{ ENTITY_DEAL,
		  "amount",
		  "amount",
		  { S("amount"), { .kind = VALUE_MONEY, .currency = "EUR", .i = -1 } } },
		{ ENTITY_DEAL,
		  "amount",
		  "amount",
		  { S("amount"), { .kind = VALUE_MONEY, .currency = "ABC", .i = 1 } } },
		{ ENTITY_DEAL,
		  "close_date",
		  "close_date",
		  { S("close_date"), { .kind = VALUE_TEXT, .text = { "2026-02-30", 10 } } } },
		{ ENTITY_DEAL,
		  "link",
		  "person",
		  { S("person"), { .kind = VALUE_INT, .i = 4711 } } },
		{ ENTITY_DEAL, "unlink", "person", { S("person"), { .kind = VALUE_INT, .i = 1 } } },
	};
	struct office o;
	(void)state;
	office_init(&o);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct sales_deed d;
		uint64_t subject = CASES[i].entity == ENTITY_PERSON ? o.person : o.deal;
		o.w.e = (err){ 0 };
		bool ok = acts(&o, CASES[i].entity, subject, CASES[i].action, &CASES[i].given,
			       CASES[i].given.key.n > 0, &d);
		if (ok || !str_eq(o.field, str_of(CASES[i].field)))
			print_error("case %zu: field %.*s, %s\n", i, STR_ARG(o.field), o.w.e.text);
		assert_false(ok);
		assert_int_equal(o.w.e.code, ERR_INVALID);
		assert_true(str_eq(o.field, str_of(CASES[i].field)));
	}
	office_fini(&o);
}

static void what_is_so_already_is_refused(void **state)
{
	struct office o;
	struct sales_deed d;
	(void)state;
	office_init(&o);
	const struct prop to[] = { { S("stage"), value_text(S("opportunity")) },
				   { S("reason"), value_text(S("x")) } };
	/* an open deal made an opportunity of its person */
	assert_false(acts(&o, ENTITY_PERSON, o.person, "stage", to, 2, &d));
	assert_int_equal(o.w.e.code, ERR_CONFLICT);
	assert_false(acts(&o, ENTITY_PERSON, o.person, "accept", NULL, 0, &d));
	assert_int_equal(o.w.e.code, ERR_CONFLICT);
	WORLD_OK(&o.w, acts(&o, ENTITY_DEAL, o.deal, "won", NULL, 0, &d));
	written(&o, &d);
	assert_false(acts(&o, ENTITY_DEAL, o.deal, "won", NULL, 0, &d));
	assert_int_equal(o.w.e.code, ERR_CONFLICT);
	assert_false(acts(&o, ENTITY_PERSON, 4711, "accept", NULL, 0, &d));
	assert_int_equal(o.w.e.code, ERR_NOT_FOUND);
	assert_false(acts(&o, ENTITY_PERSON, o.company, "accept", NULL, 0, &d));
	assert_int_equal(o.w.e.code, ERR_NOT_FOUND);
	world_verify(&o.w);
	office_fini(&o);
}

static bool updates(struct office *o, uint64_t person, const char *key, value v)
{
	struct sales_deed d;
	const struct prop field = { str_of(key), v };
	struct sales_ask q = ask_of(o, ENTITY_PERSON, person, "", &field, 1);
	o->w.e = (err){ 0 };
	if (!sales_update(&q, &o->w.a, &d, &o->field, &o->w.e))
		return false;
	written(o, &d);
	return true;
}

static void only_fields_and_traits_are_changed(void **state)
{
	static const char *const REFUSED[] = { "stage",	   "company.name", "consent.email",
					       "owner_id", "did#1",	   "recycled_until",
					       "nonsense", "touches",	   "exit" };
	struct office o;
	(void)state;
	office_init(&o);
	for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
		assert_false(updates(&o, o.person, REFUSED[i], value_text(S("x"))));
		assert_true(str_eq(o.field, str_of(REFUSED[i])));
	}
	assert_true(updates(&o, o.person, "city", value_text(S("Kiel"))));
	struct subject_view v = world_view(&o.w, "anna@example.com");
	assert_true(str_eq(subject_cell(&v, S("city")).text, S("Kiel")));
	uint64_t version = subject_version(&v);
	assert_true(updates(&o, o.person, "city", value_none()));
	v = world_view(&o.w, "anna@example.com");
	assert_int_equal(subject_cell(&v, S("city")).kind, VALUE_NONE);
	assert_true(subject_version(&v) != version);
	/* a trait that a file brought */
	const struct prop trait = { S("shoe_size"), value_int(41) };
	struct intake in = { .name = S("person_updated"),
			     .at_us = NOW,
			     .email = S("bert@example.com"),
			     .props = &trait,
			     .props_n = 1 };
	world_one(&o.w, TRUST_SECRET, in);
	assert_true(updates(&o, o.person, "shoe_size", value_int(38)));
	/* an address that is somebody's joins nobody */
	assert_false(updates(&o, o.person, "email", value_text(S("bert@example.com"))));
	assert_int_equal(o.w.e.code, ERR_CONFLICT);
	assert_true(world_find(&o.w, "bert@example.com") != o.person);
	world_verify(&o.w);
	office_fini(&o);
}

static void texts_hold_nothing_unseen(void **state)
{
	static const struct {
		const char *text;
		bool line, lines;
	} CASES[] = {
		{ "Grüße, 東京", true, true },	   { "a\nb", false, true },
		{ "a\tb", false, true },	   { "a\x1b[31m", false, false },
		{ "a\x7f", false, false },	   { "a\xc2\x85", false, false },
		{ "a\xe2\x80\xae", false, false }, { "a\xe2\x81\xa6", false, false },
		{ "a\xef\xbb\xbf", false, false }, { "\xff", false, false },
		{ "0123456789", true, true },	   { "01234567890123456789x", false, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		str s = str_of(CASES[i].text);
		assert_true((sales_text_fault(s, SALES_LINE, 20) == NULL) == CASES[i].line);
		assert_true((sales_text_fault(s, SALES_LINES, 20) == NULL) == CASES[i].lines);
	}
}

/* How somebody left the line, and that they came back to it. */
static void an_exit_ends_where_the_line_begins_again(void **state)
{
	struct office o;
	struct sales_deed d;
	(void)state;
	office_init(&o);
	const struct prop reason = { S("reason"), value_text(S("timing")) };
	WORLD_OK(&o.w, acts(&o, ENTITY_PERSON, o.person, "disqualify", &reason, 1, &d));
	d.items[0].at_us = NOW + US_PER_S;
	written(&o, &d);
	struct subject_view v = world_view(&o.w, "anna@example.com");
	assert_true(str_eq(subject_exit_of(&v).kind, S("disqualified")));
	assert_true(str_eq(subject_exit_of(&v).reason.text, S("timing")));
	const struct prop to[] = { { S("stage"), value_text(S("sql")) },
				   { S("reason"), value_text(S("asked again")) } };
	WORLD_OK(&o.w, acts(&o, ENTITY_PERSON, o.person, "stage", to, 2, &d));
	d.items[0].at_us = NOW + 2 * US_PER_S;
	written(&o, &d);
	v = world_view(&o.w, "anna@example.com");
	assert_int_equal(subject_exit_of(&v).kind.n, 0);
	world_verify(&o.w);
	office_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_action_is_one_touch_by_somebody),
		cmocka_unit_test(what_is_wrong_names_its_field),
		cmocka_unit_test(what_is_so_already_is_refused),
		cmocka_unit_test(only_fields_and_traits_are_changed),
		cmocka_unit_test(texts_hold_nothing_unseen),
		cmocka_unit_test(an_exit_ends_where_the_line_begins_again),
	};
	return cmocka_run_group_tests_name("sales", tests, NULL, NULL);
}
