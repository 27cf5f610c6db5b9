/*
 * test_undo.c - what was done by hand and taken back is as if it had never been.
 *
 * What it is:   random deeds, taken back and done again, beside a second world in which only those
 * were done that hold at the end; beside the replay; and beside a reader that follows.
 */
#include "people_test.h"

#include "base/rand.h"
#include "journal/hooks.h"

#define SUBJECTS 4
#define DEEDS	 60

static uint64_t deed(struct world *w, struct intake in)
{
	in.by = S("user:1");
	struct batch b = { .items = &in, .n = 1, .trust = TRUST_SELF };
	WORLD_OK(w, journal_submit(w->j, &b, &w->e));
	if (in.outcome != OUTCOME_ACCEPTED)
		print_error("not accepted: %s\n", in.reason ? in.reason : "?");
	assert_int_equal(in.outcome, OUTCOME_ACCEPTED);
	return in.seq;
}

static uint64_t undo(struct world *w, uint64_t seq)
{
	struct touch_undo u = { .seq = seq, .by = S("user:1"), .anyway = true };
	WORLD_OK(w, journal_touch_undo(w->j, &u, &w->e));
	assert_true(u.undone_seq > seq && u.touches > 0);
	return u.undone_seq;
}

static bool undo_fails(struct world *w, struct touch_undo *u, enum err_code code)
{
	bool ok = journal_touch_undo(w->j, u, &w->e);
	if (ok || w->e.code != code)
		print_error("%s: %s\n", err_code_name(w->e.code), w->e.text);
	return !ok && w->e.code == code;
}

/* People 1 to 4 with an address and two devices, companies, deals: the same numbers in any world.
 */
static void people_first(struct world *w)
{
	char user[16], device[16], domain[32], id[16];
	for (int i = 0; i < SUBJECTS; i++) {
		snprintf(user, sizeof user, "u%d", i);
		snprintf(device, sizeof device, "a%d", i);
		snprintf(domain, sizeof domain, "c%d.example", i);
		snprintf(id, sizeof id, "d%d", i);
		struct prop props[] = { { S("city"), value_text(S("Kiel")) } };
		struct prop deal[] = { { S("name"), value_text(S("One")) },
				       { S("stage"), value_text(S("evaluation")) } };
		struct intake person = { .name = S("person_updated"),
					 .at_us = DAY(1),
					 .user_id = str_of(user),
					 .anonymous_id = str_of(device),
					 .company_domain = str_of(domain),
					 .props = props,
					 .props_n = 1 };
		person.origin.source = S("google");
		struct intake made = { .name = S("deal_created"),
				       .at_us = DAY(1),
				       .deal_id = { S(""), str_of(id) },
				       .company_domain = str_of(domain),
				       .props = deal,
				       .props_n = 2 };
		world_one(w, TRUST_SECRET, person);
		world_one(w, TRUST_SECRET, made);
	}
}

static uint64_t number_of(struct world *w, enum entity entity, size_t i)
{
	char text[32];
	uint64_t subject;
	snprintf(text, sizeof text,
		 entity == ENTITY_PERSON    ? "u%zu"
		 : entity == ENTITY_COMPANY ? "c%zu.example"
					    : "d%zu",
		 i);
	assert_true(people_find(journal_people(w->j), entity, str_of(text), &subject));
	return subject;
}

struct finding {
	const char *name;
	uint64_t seq;
};

static bool find_last(void *arg, const struct touch *t)
{
	struct finding *f = arg;
	if (str_eq(t->name, str_of(f->name)))
		f->seq = t->seq;
	return true;
}

static uint64_t last_of(struct world *w, const char *name)
{
	struct finding f = { .name = name };
	struct snapshot *s;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, snapshot_scan(s, find_last, &f, &w->e));
	snapshot_close(&s);
	return f.seq;
}

static str view_text(struct world *w, const char *user, const char *key)
{
	struct subject_view v = world_view(w, user);
	value x = subject_cell(&v, str_of(key));
	return x.kind == VALUE_TEXT ? x.text : S("");
}

struct plan {
	unsigned kind, whom, value;
	int64_t at_us;
	bool by_hand, undone;
	uint64_t seq, undone_seq;
};

static const char *const KINDS[] = { "person_updated",	  "stage_entered", "note_written",
				     "company_updated",	  "deal_updated",  "deal_stage_entered",
				     "lead_disqualified", "page_viewed" };

static uint64_t carry_out(struct world *w, const struct plan *d)
{
	char message[32], text[16];
	snprintf(message, sizeof message, "m-%lld", (long long)d->at_us);
	snprintf(text, sizeof text, "v%u", d->value);
	struct prop props[] = { { S("city"), value_text(str_of(text)) },
				{ S("owner"),
				  d->value % 3 ? value_text(str_of(text)) : value_none() } };
	struct intake in = { .name = str_of(KINDS[d->kind]),
			     .at_us = d->at_us,
			     .message_id = str_of(message),
			     .props = props,
			     .props_n = 2 };
	if (d->kind == 1 || d->kind == 5)
		props[0].key = S("stage");
	if (d->kind == 6)
		props[0].key = S("reason");
	if (d->kind == 3)
		in.company = number_of(w, ENTITY_COMPANY, d->whom);
	else if (d->kind == 4 || d->kind == 5)
		in.deal = number_of(w, ENTITY_DEAL, d->whom);
	else
		in.person = number_of(w, ENTITY_PERSON, d->whom);
	if (d->value % 4 == 0)
		in.origin.source = str_of(text);
	if (d->by_hand)
		return deed(w, in);
	world_one(w, TRUST_SECRET, in);
	return 0;
}

static void same_view(struct world *a, struct world *b, uint64_t subject)
{
	struct subject_view x, y;
	WORLD_OK(a, people_view(journal_people(a->j), subject, &a->a, &x, &a->e));
	WORLD_OK(b, people_view(journal_people(b->j), subject, &b->a, &y, &b->e));
	assert_int_equal(x.subject, y.subject);
	assert_int_equal(x.touches, y.touches);
	assert_true(x.first_us == y.first_us && x.last_us == y.last_us);
	assert_true(str_eq(x.first_origin.source, y.first_origin.source));
	assert_true(str_eq(x.latest_origin.source, y.latest_origin.source));
	assert_int_equal(x.cells_n, y.cells_n);
	for (size_t i = 0; i < x.cells_n; i++) {
		assert_true(str_eq(x.cells[i].key, y.cells[i].key));
		assert_true(value_eq(x.cells[i].value, y.cells[i].value));
		assert_true(x.cells[i].at_us == y.cells[i].at_us);
	}
}

static void follow(struct world *w, struct snapshot **live)
{
	struct snapshot *fresh;
	uint64_t differences = 0;
	bool reopened;
	WORLD_OK(w, snapshot_refresh(live, NULL, NULL, &reopened, &w->e));
	assert_false(reopened);
	WORLD_OK(w, snapshot_open_live(w->dir, &fresh, &w->e));
	WORLD_OK(w, journal_hooks.compare(snapshot_people(*live), snapshot_people(fresh), world_say,
					  NULL, &differences, &w->e));
	assert_int_equal(differences, 0);
	snapshot_close(&fresh);
	snapshot_rest(*live);
}

static void one_history(uint64_t seed)
{
	struct rng rng;
	struct world w, never;
	struct plan plans[DEEDS];
	struct snapshot *live;
	rng_init(&rng, seed);
	world_init(&w);
	world_init(&never);
	people_first(&w);
	people_first(&never);
	WORLD_OK(&w, snapshot_open_live(w.dir, &live, &w.e));
	for (size_t i = 0; i < DEEDS; i++) {
		struct plan *d = &plans[i];
		*d = (struct plan){ .kind = (unsigned)rng_below(&rng, ARRAY_LEN(KINDS)),
				    .whom = (unsigned)rng_below(&rng, SUBJECTS),
				    .value = (unsigned)rng_below(&rng, 9),
				    .at_us = DAY(2) + (int64_t)rng_below(&rng, 1000000) * 1000 +
					     (int64_t)i,
				    .by_hand = rng_chance(&rng, 0.8) };
		d->seq = carry_out(&w, d);
		struct plan *other = &plans[rng_below(&rng, i + 1)];
		if (other->by_hand && rng_chance(&rng, 0.5)) {
			other->undone_seq = undo(&w,
						 other->undone ? other->undone_seq : other->seq);
			other->undone = !other->undone;
		}
		if (rng_chance(&rng, 0.1))
			world_reopen(&w);
		if (rng_chance(&rng, 0.3))
			follow(&w, &live);
	}
	for (size_t i = 0; i < DEEDS; i++) {
		if (!plans[i].undone)
			(void)carry_out(&never, &plans[i]);
	}
	for (uint64_t i = 1; i <= people_profiles(journal_people(w.j)); i++)
		same_view(&w, &never, i);
	follow(&w, &live);
	snapshot_close(&live);
	world_verify(&w);
	for (uint64_t i = 1; i <= people_profiles(journal_people(w.j)); i++)
		same_view(&w, &never, i);
	world_fini(&w);
	world_fini(&never);
}

static void what_was_taken_back_has_never_been(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++)
		one_history(seed);
}

/* What follows from a deed goes with it, and comes back with it. */
static void a_won_deal_taken_back_makes_no_customers(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	people_first(&w);
	struct prop role[] = { { S("role"), value_text(S("champion")) } };
	struct intake link = { .name = S("deal_person_linked"),
			       .at_us = DAY(3),
			       .deal = number_of(&w, ENTITY_DEAL, 0),
			       .person = number_of(&w, ENTITY_PERSON, 1),
			       .props = role,
			       .props_n = 1 };
	struct intake won = { .name = S("deal_won"), .at_us = DAY(4), .deal = link.deal };
	deed(&w, link);
	uint64_t seq = deed(&w, won);
	assert_true(str_eq(view_text(&w, "u1", "stage"), S("customer")));
	assert_true(str_eq(view_text(&w, "u0", "stage"), S("")));
	uint64_t undone = undo(&w, seq);
	assert_true(str_eq(view_text(&w, "u1", "stage"), S("opportunity")));
	uint64_t before = world_touches(&w);
	undo(&w, undone);
	assert_true(str_eq(view_text(&w, "u1", "stage"), S("customer")));
	/* the deal won, the person's stage, the company's, and the note that says so */
	assert_int_equal(world_touches(&w), before + 4);
	world_verify(&w);
	world_fini(&w);
}

static void joins_by_hand_are_taken_back(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	people_first(&w);
	uint64_t a = number_of(&w, ENTITY_PERSON, 0), b = number_of(&w, ENTITY_PERSON, 1);
	WORLD_OK(&w, people_merge(w.j, a, b, S("user:1"), S("same"), &w.e));
	uint64_t merged = last_of(&w, "person_merged");
	assert_int_equal(number_of(&w, ENTITY_PERSON, 1), a);
	uint64_t undone = undo(&w, merged);
	assert_int_equal(number_of(&w, ENTITY_PERSON, 1), b);
	world_verify(&w);
	undo(&w, undone);
	assert_int_equal(number_of(&w, ENTITY_PERSON, 1), a);
	WORLD_OK(&w, people_unmerge(w.j, b, S("user:1"), S("not the same"), &w.e));
	uint64_t parted = last_of(&w, "person_unmerged");
	assert_int_equal(number_of(&w, ENTITY_PERSON, 1), b);
	undone = undo(&w, parted);
	assert_int_equal(number_of(&w, ENTITY_PERSON, 1), a);
	struct touch_undo again = { .seq = undone, .by = S("user:1") };
	assert_true(undo_fails(&w, &again, ERR_CONFLICT));
	world_verify(&w);
	assert_int_equal(number_of(&w, ENTITY_PERSON, 1), a);
	world_fini(&w);
}

static void only_what_was_done_by_hand_is_taken_back(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	people_first(&w);
	struct touch_undo u = { .seq = 1, .by = S("user:1") };
	assert_true(undo_fails(&w, &u, ERR_DENIED));
	u.seq = 100000;
	assert_true(undo_fails(&w, &u, ERR_NOT_FOUND));
	u.seq = 0;
	assert_true(undo_fails(&w, &u, ERR_NOT_FOUND));
	struct intake accepted = { .name = S("lead_accepted"),
				   .at_us = DAY(3),
				   .person = number_of(&w, ENTITY_PERSON, 0) };
	u.seq = deed(&w, accepted) + 1; /* the stage that followed */
	assert_true(undo_fails(&w, &u, ERR_DENIED));
	u.seq--;
	WORLD_OK(&w, journal_touch_undo(w.j, &u, &w.e));
	assert_int_equal(u.touches, 2);
	assert_true(undo_fails(&w, &u, ERR_CONFLICT));
	assert_int_equal(u.later_n, 0);
	u.seq = u.undone_seq;
	WORLD_OK(&w, journal_touch_undo(w.j, &u, &w.e));
	u.seq = u.undone_seq; /* of a touch_redone there is nothing to take back */
	assert_true(undo_fails(&w, &u, ERR_DENIED));
	world_verify(&w);
	world_fini(&w);
}

static void what_builds_on_it_is_said(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	people_first(&w);
	struct plan first = { .kind = 5, .whom = 0, .value = 1, .at_us = DAY(3), .by_hand = true };
	struct plan second = first, other = first;
	second.at_us = DAY(4);
	second.value = 2;
	other.at_us = DAY(5);
	other.kind = 2;
	uint64_t a = carry_out(&w, &first), b = carry_out(&w, &second);
	(void)carry_out(&w, &other); /* builds on nothing */
	struct touch_undo u = { .seq = a, .by = S("user:1") };
	assert_true(undo_fails(&w, &u, ERR_CONFLICT));
	assert_int_equal(u.later_n, 1);
	assert_int_equal(u.later[0], b);
	u.anyway = true;
	WORLD_OK(&w, journal_touch_undo(w.j, &u, &w.e));
	struct touch_undo newest = { .seq = b, .by = S("user:1") };
	WORLD_OK(&w, journal_touch_undo(w.j, &newest, &w.e));
	assert_int_equal(newest.later_n, 0);
	world_verify(&w);
	world_fini(&w);
}

static void the_past_knows_nothing_of_it(void **state)
{
	struct world w;
	struct snapshot *s;
	struct subject_view v;
	(void)state;
	world_init(&w);
	people_first(&w);
	struct plan d = { .kind = 0, .whom = 0, .value = 1, .at_us = DAY(3), .by_hand = true };
	uint64_t seq = carry_out(&w, &d), undone = undo(&w, seq), redone = undo(&w, undone);
	const struct {
		uint64_t as_of;
		str city;
	} cases[] = { { seq - 1, S("Kiel") },	    { seq, S("v1") },
		      { undone, S("Kiel") },	    { redone, S("v1") },
		      { undo(&w, seq), S("Kiel") }, { redone, S("v1") },
		      { undone, S("Kiel") } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		WORLD_OK(&w, snapshot_open(w.dir, cases[i].as_of, &s, &w.e));
		WORLD_OK(&w, people_view(snapshot_people(s), number_of(&w, ENTITY_PERSON, 0), &w.a,
					 &v, &w.e));
		assert_true(str_eq(subject_cell(&v, S("city")).text, cases[i].city));
		assert_true((snapshot_undone_by(s, seq) != 0) == str_eq(cases[i].city, S("Kiel")) ||
			    cases[i].as_of < seq);
		snapshot_close(&s);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_back_has_never_been),
		cmocka_unit_test(a_won_deal_taken_back_makes_no_customers),
		cmocka_unit_test(joins_by_hand_are_taken_back),
		cmocka_unit_test(only_what_was_done_by_hand_is_taken_back),
		cmocka_unit_test(what_builds_on_it_is_said),
		cmocka_unit_test(the_past_knows_nothing_of_it),
	};
	return cmocka_run_group_tests_name("undo", tests, NULL, NULL);
}
