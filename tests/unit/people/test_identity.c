/*
 * test_identity.c - who is who: joins, devices, aliases, refusals, merging by hand.
 */
#include "world.h"

#include "base/rand.h"
#include "people/people_int.h"

#define DAY(n) ((int64_t)(20000 + (n)) * US_PER_DAY)

static struct intake visit(const char *anonymous, int64_t at_us)
{
	return (struct intake){ .name = S("page_viewed"),
				.at_us = at_us,
				.anonymous_id = str_of(anonymous) };
}

static struct intake identify(const char *anonymous, const char *user, const char *email,
			      int64_t at_us)
{
	return (struct intake){ .name = S("person_updated"),
				.at_us = at_us,
				.anonymous_id = str_of(anonymous),
				.user_id = str_of(user),
				.email = str_of(email) };
}

static void an_anonymous_visitor_joins_with_all_earlier_touches(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(1)));
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(2)));
	world_one(&w, TRUST_PUBLIC, identify("a1", "u1", NULL, DAY(3)));
	struct subject_view v = world_view(&w, "u1");
	assert_int_equal(v.touches, 3);
	assert_int_equal(v.first_us, DAY(1));
	assert_int_equal(v.ids_n, 2);
	assert_int_equal(world_find(&w, "a1"), world_find(&w, "u1"));
	assert_int_equal(world_people(&w), 1);
	world_verify(&w);
	assert_int_equal(world_view(&w, "a1").touches, 3);
	world_fini(&w);
}

static void a_shared_device_does_not_join_two_people(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(1)));
	world_one(&w, TRUST_PUBLIC, identify("a1", "u1", NULL, DAY(2)));
	world_one(&w, TRUST_PUBLIC, identify("a1", "u2", NULL, DAY(5)));
	assert_true(world_find(&w, "u1") != world_find(&w, "u2"));
	/* later by `at` goes to the new one, earlier to the old, whenever it arrives */
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(6)));
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(4)));
	assert_int_equal(world_view(&w, "u1").touches, 3);
	assert_int_equal(world_view(&w, "u2").touches, 2);
	/* and back again */
	world_one(&w, TRUST_PUBLIC, identify("a1", "u1", NULL, DAY(8)));
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(9)));
	assert_int_equal(world_view(&w, "u1").touches, 5);
	assert_int_equal(world_view(&w, "u2").touches, 2);
	world_verify(&w);
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(7)));
	assert_int_equal(world_view(&w, "u2").touches, 3);
	world_fini(&w);
}

static struct intake alias(const char *previous, const char *user)
{
	return (struct intake){ .name = S("person_updated"),
				.at_us = DAY(3),
				.user_id = str_of(user),
				.previous_id = str_of(previous) };
}

static void alias_joins_only_who_is_not_identified(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(1)));
	world_one(&w, TRUST_PUBLIC, alias("a1", "u1"));
	assert_int_equal(world_find(&w, "a1"), world_find(&w, "u1"));
	world_one(&w, TRUST_PUBLIC, identify(NULL, "u2", NULL, DAY(2)));
	world_one(&w, TRUST_PUBLIC, alias("u2", "u3"));
	assert_true(world_find(&w, "u2") != world_find(&w, "u3"));
	world_one(&w, TRUST_PUBLIC, alias("a1", "u3"));
	assert_true(world_find(&w, "a1") != world_find(&w, "u3"));
	world_verify(&w);
	world_fini(&w);
}

static void joins_cannot_be_forged(void **state)
{
	const struct prop props[] = { { S("profile"), value_int(1) } };
	static const char *const NAMES[] = { "person_identified", "person_merged",
					     "person_unmerged",	  "company_identified",
					     "import_undone",	  "import_closed" };
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_PUBLIC, identify(NULL, "u1", NULL, DAY(1)));
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		struct intake in = identify(NULL, "u2", NULL, DAY(2));
		in.name = str_of(NAMES[i]);
		in.props = props;
		in.props_n = 1;
		world_submit(&w, TRUST_SECRET, &in, 1);
		assert_int_equal(in.outcome, OUTCOME_REJECTED);
	}
	/* asking for a join by ids is what an alias does */
	struct intake in = alias("a1", "u1");
	in.name = S("person_identified");
	world_one(&w, TRUST_SECRET, in);
	assert_int_equal(world_find(&w, "a1"), world_find(&w, "u1"));
	world_verify(&w);
	world_fini(&w);
}

static void values_that_say_nothing_are_nobody(void **state)
{
	static const char *const BLOCKED[] = {
		"",
		" ",
		"null",
		"NULL",
		"\"null\"",
		"undefined",
		"'Undefined'",
		"NaN",
		"nan",
		"0",
		"anonymous",
		"Anonymous",
		"none",
		"[object Object]",
		"\"[OBJECT OBJECT]\"",
		"{null}",
		"00000000-0000-0000-0000-000000000000",
	};
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(BLOCKED); i++) {
		assert_true(id_is_blocked(str_of(BLOCKED[i])));
		world_one(&w, TRUST_PUBLIC, identify("a1", BLOCKED[i], NULL, DAY(1)));
	}
	assert_int_equal(world_view(&w, "a1").ids_n, 1);
	assert_false(id_is_blocked(S("u0")));
	assert_false(id_is_blocked(S("10")));
	world_verify(&w);
	world_fini(&w);
}

static void at_most_five_ids_of_a_kind(void **state)
{
	struct world w;
	char id[32];
	(void)state;
	world_init(&w);
	for (int i = 1; i <= 7; i++) {
		snprintf(id, sizeof id, "device-%d", i);
		world_one(&w, TRUST_PUBLIC, visit(id, DAY(i)));
		world_one(&w, TRUST_PUBLIC, identify(id, "u1", NULL, DAY(i)));
	}
	struct subject_view v = world_view(&w, "u1");
	assert_int_equal(v.ids_n, 1 + PEOPLE_IDS_PER_KIND_MAX);
	struct edge_info *edges;
	size_t n, refused = 0;
	WORLD_OK(&w, people_edges(journal_people(w.j), v.subject, &w.a, &edges, &n, &w.e));
	for (size_t i = 0; i < n; i++)
		refused += edges[i].refused;
	assert_int_equal(refused, 2);
	world_verify(&w);
	world_fini(&w);
}

static void a_claimed_address_joins_nobody_who_is_known(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, identify(NULL, "crm-1", "anna@example.com", DAY(1)));
	world_one(&w, TRUST_PUBLIC, visit("thief", DAY(2)));
	world_one(&w, TRUST_PUBLIC, identify("thief", NULL, "Anna@Example.com", DAY(3)));
	assert_true(world_find(&w, "thief") != world_find(&w, "crm-1"));
	assert_int_equal(world_view(&w, "crm-1").touches, 1);
	world_one(&w, TRUST_PUBLIC, identify("thief", "thief-user", "anna@example.com", DAY(4)));
	assert_true(world_find(&w, "thief-user") != world_find(&w, "crm-1"));
	/* an address nobody has is the visitor's own */
	world_one(&w, TRUST_PUBLIC, visit("bert", DAY(2)));
	world_one(&w, TRUST_PUBLIC, identify("bert", NULL, "bert@example.com", DAY(3)));
	assert_int_equal(world_find(&w, "bert"), world_find(&w, "bert@example.com"));
	/* and who is believed may say that two are one */
	world_one(&w, TRUST_SECRET, identify("thief", NULL, "anna@example.com", DAY(5)));
	world_verify(&w);
	world_fini(&w);
}

static void addresses_are_folded(void **state)
{
	static const struct {
		const char *raw, *normal;
	} CASES[] = {
		{ "Anna@Example.COM", "anna@example.com" },
		{ "  anna@example.com ", "anna@example.com" },
		{ "anna@b\xC3\xBC"
		  "cher.example",
		  "anna@xn--bcher-kva.example" },
		{ "anna@B\xC3\x9C"
		  "CHER.example",
		  "anna@xn--bcher-kva.example" },
		{ "anna", "" },
		{ "@example.com", "" },
		{ "anna@", "" },
		{ "anna@localhost", "" },
		{ "an na@example.com", "" },
		{ "a@b@example.com", "" },
		{ "anna@example..com", "" },
	};
	struct arena a;
	(void)state;
	arena_init(&a, MIB);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		str got = email_normalise(&a, str_of(CASES[i].raw));
		assert_int_equal(got.n, strlen(CASES[i].normal));
		assert_memory_equal(got.n ? got.p : "", CASES[i].normal, got.n);
	}
	arena_fini(&a);
}

static void merging_and_separating_by_hand_change_no_touch(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_PUBLIC, identify("a1", "u1", NULL, DAY(1)));
	world_one(&w, TRUST_PUBLIC, identify("a2", "u2", NULL, DAY(2)));
	uint64_t u1 = world_find(&w, "u1"), u2 = world_find(&w, "u2");
	WORLD_OK(&w, people_merge(w.j, u1, u2, S("anna"), S("the same person"), &w.e));
	assert_int_equal(world_find(&w, "u1"), world_find(&w, "u2"));
	assert_int_equal(world_view(&w, "u1").touches, 2);
	assert_false(people_merge(w.j, u1, u2, S("anna"), S("again"), &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	world_verify(&w);
	WORLD_OK(&w, people_unmerge(w.j, u2, S("anna"), S("they are two"), &w.e));
	assert_true(world_find(&w, "u1") != world_find(&w, "u2"));
	assert_int_equal(world_view(&w, "u1").touches, 1);
	/* old numbers resolve for ever */
	assert_int_equal(people_subject_of(journal_people(w.j), u2), world_find(&w, "u2"));
	world_verify(&w);
	world_fini(&w);
}

static void who_is_taken_out_is_not_joined_again_by_rules(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_PUBLIC, visit("a1", DAY(1)));
	world_one(&w, TRUST_PUBLIC, identify("a1", "u1", NULL, DAY(2)));
	uint64_t device = 0;
	struct subject_view v = world_view(&w, "u1");
	for (size_t i = 0; i < v.ids_n; i++)
		device = v.ids[i].kind == ID_ANONYMOUS ? v.ids[i].profile : device;
	WORLD_OK(&w, people_unmerge(w.j, device, S("anna"), S("a kiosk"), &w.e));
	world_one(&w, TRUST_PUBLIC, identify("a1", "u1", NULL, DAY(3)));
	assert_true(world_find(&w, "a1") != world_find(&w, "u1"));
	world_verify(&w);
	assert_true(world_find(&w, "a1") != world_find(&w, "u1"));
	world_fini(&w);
}

static void the_rest_stays_together_when_its_middle_is_taken_out(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	world_one(&w, TRUST_SECRET, identify("a1", "u1", "anna@example.com", DAY(1)));
	struct subject_view v = world_view(&w, "u1");
	assert_int_equal(v.ids_n, 3);
	uint64_t user = 0;
	for (size_t i = 0; i < v.ids_n; i++)
		user = v.ids[i].kind == ID_USER ? v.ids[i].profile : user;
	WORLD_OK(&w, people_unmerge(w.j, user, S("anna"), S("wrong user"), &w.e));
	assert_int_equal(world_find(&w, "a1"), world_find(&w, "anna@example.com"));
	assert_true(world_find(&w, "a1") != world_find(&w, "u1"));
	world_verify(&w);
	world_fini(&w);
}

static struct intake update(const char *user, int64_t at_us, const struct prop *props, size_t n,
			    const char *message_id)
{
	return (struct intake){ .name = S("person_updated"),
				.at_us = at_us,
				.user_id = str_of(user),
				.props = props,
				.props_n = n,
				.message_id = str_of(message_id) };
}

/* Touches that say different things about one person, in any order of arrival. */
static void values_do_not_depend_on_the_order_of_arrival(void **state)
{
	enum { TOUCHES = 12, ROUNDS = 25 };
	struct rng rng;
	(void)state;
	rng_init(&rng, 7);
	for (int round = 0; round < ROUNDS; round++) {
		struct prop props[TOUCHES][2];
		struct intake items[2][TOUCHES];
		char ids[TOUCHES][32];
		for (int i = 0; i < TOUCHES; i++) {
			static const str KEYS[] = { S("city"), S("title"), S("owner") };
			snprintf(ids[i], sizeof ids[i], "m%d-%d", round, i);
			props[i][0] = (struct prop){ KEYS[rng_below(&rng, 3)],
						     value_int((int64_t)rng_below(&rng, 1000)) };
			items[0][i] = update("u", DAY(rng_below(&rng, 4)), props[i], 1, ids[i]);
		}
		memcpy(items[1], items[0], sizeof items[0]);
		for (size_t i = TOUCHES - 1; i > 0; i--) {
			size_t k = rng_below(&rng, i + 1);
			struct intake swap = items[1][i];
			items[1][i] = items[1][k];
			items[1][k] = swap;
		}
		char text[2][512] = { "", "" };
		for (int run = 0; run < 2; run++) {
			struct world w;
			world_init(&w);
			for (int i = 0; i < TOUCHES; i++)
				world_submit(&w, TRUST_SECRET, &items[run][i], 1);
			struct subject_view v = world_view(&w, "u");
			for (size_t i = 0; i < v.cells_n; i++)
				snprintf(text[run] + strlen(text[run]),
					 sizeof text[run] - strlen(text[run]), "%.*s=%lld@%lld;",
					 STR_ARG(v.cells[i].key), (long long)v.cells[i].value.i,
					 (long long)v.cells[i].at_us);
			world_fini(&w);
		}
		assert_string_equal(text[0], text[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_anonymous_visitor_joins_with_all_earlier_touches),
		cmocka_unit_test(a_shared_device_does_not_join_two_people),
		cmocka_unit_test(alias_joins_only_who_is_not_identified),
		cmocka_unit_test(joins_cannot_be_forged),
		cmocka_unit_test(values_that_say_nothing_are_nobody),
		cmocka_unit_test(at_most_five_ids_of_a_kind),
		cmocka_unit_test(a_claimed_address_joins_nobody_who_is_known),
		cmocka_unit_test(addresses_are_folded),
		cmocka_unit_test(merging_and_separating_by_hand_change_no_touch),
		cmocka_unit_test(who_is_taken_out_is_not_joined_again_by_rules),
		cmocka_unit_test(the_rest_stays_together_when_its_middle_is_taken_out),
		cmocka_unit_test(values_do_not_depend_on_the_order_of_arrival),
	};
	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
